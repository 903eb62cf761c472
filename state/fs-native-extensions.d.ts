declare module "fs-native-extensions" {
  /** A whole-file record lock, the kind that OpenTofu takes; false where another process holds one. A shared one needs no right to write. */
  export function tryLock(fd: number, options?: { readonly shared?: boolean }): boolean;
  export function unlock(fd: number): void;
}
