/**
 * A state in a file, beside {@link R2Backend} and {@link TfstateWorkerBackend}: cdktf's own, since OpenTofu locks the
 * file by itself and there is no credential to keep out of the synthesized stack.
 */
export { LocalBackend } from "cdktf";
