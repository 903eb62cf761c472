/** Which state is meant: names may hold anything but a slash, so `namespace/name` is unambiguous. */
export interface StateRef {
  readonly namespace: string;
  readonly name: string;
}

/** Where plain S3 clients, and the Workers before this one, look for the state. */
export const currentKey = ({ namespace, name }: StateRef): string => `${namespace}/${name}.tfstate`;

/** The lock file of the S3 backend (`use_lockfile`) for the same state. */
export const s3LockKey = (ref: StateRef): string => `${currentKey(ref)}.tflock`;

/** An immutable version. A bucket lock rule on `history/` makes it undeletable for everyone. */
export const historyKey = ({ namespace, name }: StateRef, version: string): string =>
  `${historyPrefix}${namespace}/${name}/${version}.tfstate`;

/** First segment of every version's key; no namespace may have this name. */
export const historyPrefix = "history/";
