import { backupBucketOf } from "../domain/state";
import type { BootstrapConfig, StateConfig } from "./cluster-config";
import type { BootstrapInput } from "./schema/bootstrap";

/** @returns undefined if no account id is set; then there is no bootstrap stack */
export function resolveBootstrap(input: BootstrapInput, state: StateConfig): BootstrapConfig | undefined {
  const { accountId, bucket, jurisdiction } = state;
  if (accountId === undefined) return undefined;
  const { worker, token } = input;
  return {
    accountId,
    bucketName: bucket,
    jurisdiction,
    locationHint: input.location,
    backupBucketName: input.backup_bucket ?? backupBucketOf(bucket),
    historyLockDays: input.history_lock_days,
    historyDays: input.history_days,
    backupDays: input.backup_days,
    worker: worker.enabled
      ? {
          workerName: worker.name ?? bucket,
          domain: worker.domain && {
            hostname: worker.domain.hostname,
            zoneId: worker.domain.zone_id,
            clientsMoved: worker.domain.clients_moved,
          },
          workersDevSubdomain: worker.workers_dev_subdomain,
          cron: worker.cron,
          observability: worker.observability,
          settings: {
            credentials: worker.credentials,
            pskNamespace: worker.psk_namespace,
            oidc: worker.oidc,
            mtls: worker.mtls,
            encryption: worker.encryption,
            servesS3Clients: worker.s3_clients,
            keepVersions: worker.keep_versions,
            keepDays: worker.keep_days,
            basePath: worker.base_path,
          },
        }
      : undefined,
    token: { tokenName: token.name ?? bucket, access: token.access, expiresOn: token.expires_on },
  };
}
