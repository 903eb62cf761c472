import { S3Backend } from "cdktf";
import type { Construct } from "constructs";
import { ACCOUNT_ID } from "../domain/cloudflare";
import { BUCKET_NAME, R2_JURISDICTIONS, type R2Jurisdiction, r2Endpoint } from "../domain/r2";
import { STATE_KEY } from "../domain/state";
import { PropChecks } from "./prop-checks";

/** What an {@link R2Backend} is made of. */
export interface R2BackendProps {
  /** Name of the R2 bucket. */
  readonly bucket: string;
  /** Key of the state object, for example `proxmox/terraform.tfstate`. */
  readonly key: string;
  /** Cloudflare account id, 32 hex digits. @default - the endpoint in AWS_ENDPOINT_URL_S3 */
  readonly accountId?: string;
  /** Jurisdiction of the bucket; it has an endpoint of its own. @default - a bucket that is not restricted to one */
  readonly jurisdiction?: R2Jurisdiction;
  /**
   * Locks by a conditional write of `<key>.tflock`. Without a lock, one of two applies at the same time can lose its state.
   * @default true
   */
  readonly lock?: boolean;
}

export type { R2Jurisdiction };

/**
 * OpenTofu's S3 backend on Cloudflare R2, with a lock and with every flag that R2 needs.
 *
 * Credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, never from code: OpenTofu copies a backend block
 * into plans and `.terraform`.
 *
 * @see https://developers.cloudflare.com/r2/api/s3/api/
 */
export class R2Backend extends S3Backend {
  /** @throws if the account id, bucket, key or jurisdiction is not valid. */
  constructor(scope: Construct, props: R2BackendProps) {
    const { accountId, jurisdiction } = props;
    const checks = new PropChecks("R2 backend");
    checks.text("accountId", accountId, ACCOUNT_ID);
    checks.text("bucket", props.bucket, BUCKET_NAME);
    checks.text("key", props.key, STATE_KEY);
    checks.choice("jurisdiction", jurisdiction, R2_JURISDICTIONS);
    super(scope, {
      bucket: props.bucket,
      key: props.key,
      region: "auto",
      ...(accountId && { endpoints: { s3: r2Endpoint(accountId, jurisdiction) } }),
      usePathStyle: true,
      // R2 is not AWS: no STS, no metadata service, no such region, and only some of the checksums.
      skipCredentialsValidation: true,
      skipMetadataApiCheck: true,
      skipRegionValidation: true,
      skipRequestingAccountId: true,
      skipS3Checksum: true,
    });
    // cdktf's S3Backend has no property for it (OpenTofu 1.10 and later).
    if (props.lock ?? true) this.addOverride("use_lockfile", true);
  }
}
