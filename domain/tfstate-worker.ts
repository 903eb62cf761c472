import type { Pattern } from "./pattern";
import type { Range } from "./range";

/** The kinds of passwords that the Worker accepts: the owner's, those of other users, a pre-shared key. */
export const WORKER_CREDENTIALS = ["owner", "users", "psk"] as const;
/** One of {@link WORKER_CREDENTIALS}. */
export type WorkerCredential = (typeof WORKER_CREDENTIALS)[number];

/**
 * Permissions for a state: `read` it, `write` it, `lock` and unlock it; `admin` also restores versions, freezes the state
 * and creates tokens. `metrics` reads the metrics and nothing else; `admin` includes it.
 */
export const WORKER_SCOPES = ["read", "write", "lock", "admin", "metrics"] as const;
/** One of {@link WORKER_SCOPES}. */
export type WorkerScope = (typeof WORKER_SCOPES)[number];

/** `required` refuses every state in plain text; `auto` refuses plain text after an encrypted version. */
export const WORKER_ENCRYPTION = ["auto", "required"] as const;
export type WorkerEncryption = (typeof WORKER_ENCRYPTION)[number];

/** The owner of a group of states. It is the first segment of their keys; `history` and `versions` are reserved there. */
export const NAMESPACE: Pattern = {
  regex: /^(?!(history|versions|\.|\.\.)$)(?!.*[$%]\{)[^/\\\p{Cc}]{1,128}$/u,
  advice:
    "is not a namespace; use at most 128 characters without a slash, ${ or %{, and not history or versions",
};

/** SHA-256 of a client certificate, in hex. */
export const FINGERPRINT: Pattern = {
  regex: /^[0-9a-fA-F]{64}$/,
  advice: "is not a SHA-256 fingerprint; write 64 hex digits without colons",
};

/** Path before every route of the Worker. */
export const BASE_PATH: Pattern = {
  regex: /^(\/[A-Za-z0-9._~-]+)+$/,
  advice: "is not a path; write it like /tfstate, without a slash at its end",
};

/** Five fields; Cloudflare reads them in UTC. */
export const CRON: Pattern = {
  regex: /^([A-Za-z0-9*,/#-]+ ){4}[A-Za-z0-9*,/#-]+$/,
  advice: "is not a cron expression; write five fields, like 17 3 * * * for every day at 03:17 UTC",
};
/** When the states are copied and checked. */
export const DEFAULT_CRON = "17 3 * * *";

/** How many versions can be set to be kept: the Worker reads up to five digits. */
export const KEEP_VERSIONS: Range = { min: 1, max: 99_999 };

/** Default retention: the newest 100 versions, and every version of the last 90 days. */
export const KEPT_VERSIONS = { versions: 100, days: 90 } as const;
