/*
 * The objects of a state in R2. OpenTofu's S3 backend, the tfstate Worker and `npm run state` may share one bucket,
 * so they have to agree on every key:
 *
 *   {namespace}/{name}.tfstate           the current state
 *   {namespace}/{name}.tfstate.tflock    its lock, as `use_lockfile` of the S3 backend has it
 *   history/{namespace}/{name}/{id}.tfstate   one version, which is never written twice
 */

/** A state as the Worker knows it. */
export interface StateRef {
  /** First part of the key. */
  readonly namespace: string;
  readonly name: string;
}

const suffix = ".tfstate";
const withoutSuffix = (key: string) => (key.endsWith(suffix) ? key.slice(0, -suffix.length) : key);

/** First part of the key of every version. A lock rule of the bucket on it makes versions undeletable. */
export const historyPrefix = "history/";
/** First part of the key of every dated copy in the Worker's backup bucket. */
export const backupPrefix = "versions/";

/** The key of the current state. Neither part holds a slash, so no two states share one. */
export const stateKey = ({ namespace, name }: StateRef): string => `${namespace}/${name}${suffix}`;

/** The state whose key this is; undefined for the key of anything else, and for a name that no state may have. */
export function stateOfKey(key: string): StateRef | undefined {
  const [, namespace, name] = /^([^/]+)\/([^/]+)\.tfstate$/.exec(key) ?? [];
  return namespace && name && isStateName(name) ? { namespace, name } : undefined;
}

/** The lock of the state at `key` (https://opentofu.org/docs/language/settings/backends/s3/#s3-state-locking). */
export const lockKey = (key: string): string => `${key}.tflock`;

/** The folder of the versions of the state at `key`, with a slash at its end. */
export const historyFolder = (key: string): string => `${historyPrefix}${withoutSuffix(key)}/`;

/** The key of one version of the state at `key`. */
export const versionKey = (key: string, version: string): string =>
  `${historyFolder(key)}${version}${suffix}`;

/** The version whose object has this key, in the folder of the state at `key`. */
export const versionOfKey = (key: string, versionKey: string): string =>
  withoutSuffix(versionKey.slice(historyFolder(key).length));

/** The folder of the dated copies of a state in the backup bucket, with a slash at its end. */
export const backupFolder = ({ namespace, name }: StateRef): string => `${backupPrefix}${namespace}/${name}/`;

/** The key of one dated copy in the backup bucket. */
export const backupKey = (ref: StateRef, createdAt: string, version: string): string =>
  `${backupFolder(ref)}${createdAt}-${version}${suffix}`;

/** Metadata of the objects that the Worker writes. The S3 API shows it as headers `x-amz-meta-…`. */
export const objectMetadata = {
  /** On a lock: the Worker wrote it. An S3 client sets no metadata. */
  writtenBy: "written-by",
  /** On the current state: the ID of its version. */
  version: "version",
  /** On the current state and a copy: SHA-256 of the bytes, in hex. */
  sha256: "sha256",
} as const;

/** Value of `written-by` on the Worker's locks. */
export const writtenByWorker = "tfstate-worker";

/** Names that no namespace may have: the first parts of other keys, and path segments with a meaning. */
export const reservedNamespaces: readonly string[] = [
  historyPrefix.slice(0, -1),
  backupPrefix.slice(0, -1),
  ".",
  "..",
];

/** Longest name of a state, in bytes of UTF-8: with its namespace it fits into the 1,024 bytes of a key of R2. */
export const maxStateNameBytes = 200;

/**
 * Whether a state may have this name.
 *
 * A slash would lead to another key. A percent sign remains only from an invalid escape in a URL. A name that is not in
 * Unicode's normal form C would look the same as another name.
 */
export function isStateName(name: string): boolean {
  const length = utf8Length(name);
  return (
    length > 0 &&
    length <= maxStateNameBytes &&
    !/[/\\%\p{Cc}\p{Cs}\uFFFD]/u.test(name) &&
    !/^\.{1,2}$|^\s|\s$/.test(name) &&
    name === name.normalize("NFC")
  );
}

function utf8Length(text: string): number {
  let length = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    length += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return length;
}
