import type { Problem } from "../diagnostic";
import type { ResolvedCluster } from "../resolve-cluster";

/** Buckets, Worker and retention of the bootstrap stack do not contradict each other. */
export function* checkBootstrap(cluster: ResolvedCluster): Iterable<Problem> {
  yield* checkBackupBucket(cluster);
  yield* checkS3Clients(cluster);
  const { bootstrap } = cluster.input;
  if (bootstrap === undefined) return;
  const isSound = (...keys: readonly string[]) => cluster.isSound(["bootstrap", ...keys]);
  const { history_lock_days: lockDays, worker } = bootstrap;
  for (const key of ["history_days", "backup_days"] as const) {
    if (bootstrap[key] === 0 || bootstrap[key] > lockDays || !isSound("history_lock_days")) continue;
    const text = `${bootstrap[key]} is not more than history_lock_days ${lockDays}; use a longer time, or a shorter lock`;
    yield { path: ["bootstrap", key], text };
  }
  if (!worker.enabled) return;
  const path = ["bootstrap", "worker"];
  const { history_days: historyDays } = bootstrap;
  if (historyDays !== 0 && historyDays < worker.keep_days && isSound("worker", "keep_days")) {
    const text = `${historyDays} is less than worker.keep_days ${worker.keep_days}, and the bucket would delete versions that the Worker keeps; use ${worker.keep_days} or more`;
    yield { path: ["bootstrap", "history_days"], text };
  }
  if (worker.keep_days < lockDays && isSound("history_lock_days")) {
    const text = `${worker.keep_days} is less than history_lock_days ${lockDays}, and the Worker cannot delete what is locked; use ${lockDays} or more`;
    yield { path: [...path, "keep_days"], text };
  }
  if (worker.domain && worker.workers_dev_subdomain) {
    const text = `${worker.workers_dev_subdomain} has no effect with domain, which is the address of the Worker; remove one of them`;
    yield { path: [...path, "workers_dev_subdomain"], text };
  }
  const lists = ["credentials", "oidc", "mtls"] as const;
  if (lists.every((key) => worker[key].length === 0 && isSound("worker", key))) {
    const text =
      "is empty, and so are oidc and mtls: nobody could use the Worker; add an entry to one of them";
    yield { path: [...path, "credentials"], text };
  }
  const hasPsk = worker.credentials.includes("psk") || !isSound("worker", "credentials");
  if (worker.psk_namespace !== undefined && !hasPsk) {
    const text = `${worker.psk_namespace} has no effect without psk in credentials; add psk there`;
    yield { path: [...path, "psk_namespace"], text };
  }
  const others = worker.credentials.length - 1 + worker.oidc.length + worker.mtls.length;
  if (worker.credentials.includes("psk") && others > 0 && worker.psk_namespace === undefined) {
    const text =
      "is missing, and others than the holders of the key use the Worker too; name the namespace that they share, or default for one of their own";
    yield { path: [...path, "psk_namespace"], text };
  }
  const issuers = worker.oidc.map(({ issuer = "GitHub Actions" }) => issuer);
  for (const [index, issuer] of issuers.entries()) {
    if (issuers.indexOf(issuer) === index) continue;
    const text = `${issuer} has an entry already, and only the first one would count; put the rules of both into one`;
    yield { path: [...path, "oidc", index], text };
  }
  for (const [index, { fingerprint, subject }] of worker.mtls.entries()) {
    if (fingerprint !== undefined || subject !== undefined) continue;
    yield { path: [...path, "mtls", index], text: "has neither fingerprint nor subject; add one of them" };
  }
}

function* checkBackupBucket({ input, config, isSound }: ResolvedCluster): Iterable<Problem> {
  if (!isSound(["state", "bucket"])) return;
  const path = ["bootstrap", "backup_bucket"];
  const named = input.bootstrap?.backup_bucket;
  const { backupBucketName = "" } = config.bootstrap ?? {};
  if (named === config.state.bucket) {
    yield {
      path,
      text: `${named} is state.bucket too, and a copy beside the original is lost with it; name another bucket`,
    };
  }
  if (named === undefined && backupBucketName.length > 63) {
    yield { path, text: `is missing, and ${backupBucketName} is longer than 63 characters; name the bucket` };
  }
}

/** The S3 backend and a Worker that does not expect it would not see each other's locks. */
function* checkS3Clients({ input, config }: ResolvedCluster): Iterable<Problem> {
  const worker = input.bootstrap?.worker;
  if (!worker?.enabled || worker.s3_clients || config.state.backend !== "r2") return;
  yield {
    path: ["bootstrap", "worker", "s3_clients"],
    text: "false does not go with state.backend r2, which is such a client; remove it, or use the backend worker",
  };
}

/** A warning and not an error: a machine that only deploys the cluster does not need the account id. */
export function* warnOfMissingAccount({ input, config }: ResolvedCluster): Iterable<Problem> {
  if (input.bootstrap === undefined || config.bootstrap !== undefined) return;
  const text =
    "is ignored, because no account id is set; set state.account_id, or CLOUDFLARE_ACCOUNT_ID on the machine that deploys it";
  yield { path: ["bootstrap"], text };
}
