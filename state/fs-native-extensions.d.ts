declare module "fs-native-extensions" {
  /** A whole-file record lock, the kind that OpenTofu takes; false where another process holds one. */
  export function tryLock(fd: number): boolean;
  export function unlock(fd: number): void;
}
