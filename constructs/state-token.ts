import { AccountToken } from "@cdktf/provider-cloudflare/lib/account-token";
import { Fn } from "cdktf";
import { Construct } from "constructs";
import { TIMESTAMP, TOKEN_NAME } from "../domain/cloudflare";
import { bucketResource } from "../domain/r2";
import { PropChecks } from "./prop-checks";
import type { IStateBucket } from "./state-bucket";
import { waitFor } from "./wait-for";

/** Options of a {@link StateToken} that do not depend on its bucket. */
export interface StateTokenOptions {
  /** Its name, as the dashboard shows it. @default - the construct's id */
  readonly tokenName?: string;
  /** What may be done with the objects: `write` includes reading, and is what the S3 backend needs. @default "write" */
  readonly access?: "read" | "write";
  /** When the token expires, RFC 3339 in UTC without fractions. @default - never */
  readonly expiresOn?: string;
  /** Networks that it may be used from, in CIDR notation. @default - any network */
  readonly allowedCidrs?: readonly string[];
}

/** What a {@link StateToken} is made of. */
export interface StateTokenProps extends StateTokenOptions {
  /** The only bucket whose objects it opens. */
  readonly bucket: IStateBucket;
}

/**
 * Ids of Cloudflare's permission groups "Workers R2 Storage Bucket Item Read" and "… Write". They are the same in
 * every account; `GET /accounts/{id}/tokens/permission_groups` lists them. They are constants, so a plan needs no request.
 *
 * @see https://developers.cloudflare.com/r2/api/tokens/
 */
export const R2_ITEM_PERMISSIONS = {
  read: "6a018a9f2fc74eb6b293b0c548f38b39",
  write: "2efd5506f9c8494dacb1fa10a3e7d5b6",
} as const;

/**
 * An account token for the objects of one bucket and nothing else, and the S3 key pair that is derived from it.
 *
 * Its secret is in the state, so the state must be encrypted. Cloudflare shows the value only once, so an imported
 * token has no secret, and a token whose value is lost has to be replaced: `-replace=cloudflare_account_token.<id>`.
 *
 * @see https://developers.cloudflare.com/r2/api/tokens/#get-s3-api-credentials-from-an-api-token
 */
export class StateToken extends Construct {
  /** The resource; its address is `cloudflare_account_token.<id>`. */
  readonly resource: AccountToken;
  /** For AWS_ACCESS_KEY_ID. */
  readonly accessKeyId: string;
  /** For AWS_SECRET_ACCESS_KEY; sensitive. */
  readonly secretAccessKey: string;

  /** @throws if the name is too long or `expiresOn` is not a point in time. */
  constructor(scope: Construct, id: string, props: StateTokenProps) {
    super(scope, id);
    const { bucket, access = "write", tokenName = id, expiresOn } = props;
    const checks = new PropChecks(`token "${tokenName}"`);
    checks.text("tokenName", tokenName, TOKEN_NAME);
    checks.text("expiresOn", expiresOn, TIMESTAMP);
    const { accountId, bucketName, jurisdiction } = bucket;
    this.resource = new AccountToken(this, "Resource", {
      accountId,
      name: tokenName,
      expiresOn,
      condition: props.allowedCidrs && { requestIp: { in: [...props.allowedCidrs] } },
      policies: [
        {
          effect: "allow",
          permissionGroups: [{ id: R2_ITEM_PERMISSIONS[access] }],
          // A string to the provider, compared byte by byte with what the API answers.
          resources: JSON.stringify({ [bucketResource(accountId, bucketName, jurisdiction)]: "*" }),
        },
      ],
      dependsOn: waitFor(this, bucket.resource),
    });
    this.resource.overrideLogicalId(id);
    this.accessKeyId = this.resource.id;
    this.secretAccessKey = Fn.sha256(this.resource.value);
  }
}
