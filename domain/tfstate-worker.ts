import type { Pattern } from "./pattern";
import type { Range } from "./range";

/** The kinds of passwords that the Worker takes: its owner's, those of further users, a pre-shared key. */
export const WORKER_CREDENTIALS = ["owner", "users", "psk"] as const;
/** One of {@link WORKER_CREDENTIALS}. */
export type WorkerCredential = (typeof WORKER_CREDENTIALS)[number];

/**
 * What one may do with a state: `read` it, `write` it, `lock` and unlock it; with `admin` also restore versions, freeze
 * it and mint tokens.
 */
export const WORKER_SCOPES = ["read", "write", "lock", "admin"] as const;
/** One of {@link WORKER_SCOPES}. */
export type WorkerScope = (typeof WORKER_SCOPES)[number];

/** `required` refuses every state in plain text, `auto` what follows an encrypted one. */
export const WORKER_ENCRYPTION = ["auto", "required"] as const;
export type WorkerEncryption = (typeof WORKER_ENCRYPTION)[number];

/** Who the states below it belong to. It is the first segment of a key in the bucket; two of those have a meaning. */
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

/** In front of every route of the Worker. */
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

/** Versions of a state that always stay: the Worker reads up to five digits. */
export const KEEP_VERSIONS: Range = { min: 1, max: 99_999 };

/** What of a state's history always stays, where nothing else is said. */
export const KEPT_VERSIONS = { versions: 100, days: 90 } as const;
