/**
 * A state in a file. It is cdktf's own class, unlike {@link R2Backend} and {@link TfstateWorkerBackend}: OpenTofu locks the
 * file itself, and there are no credentials.
 */
export { LocalBackend } from "cdktf";
