import { HttpBackend } from "cdktf";
import type { Construct } from "constructs";

/** What a {@link TfstateWorkerBackend} is made of. */
export interface TfstateWorkerBackendProps {
  /** Address of the state at the Worker, for example `https://tfstate.example.com/states/proxmox`. */
  readonly url: string;
}

/**
 * The HTTP backend on the tfstate Worker, with its lock.
 *
 * Credentials come from TF_HTTP_USERNAME and TF_HTTP_PASSWORD, never from code.
 */
export class TfstateWorkerBackend extends HttpBackend {
  /** @throws where the address ends in a slash or is not http(s). */
  constructor(scope: Construct, props: TfstateWorkerBackendProps) {
    if (!/^https?:\/\/[^/]+\/.*[^/]$/.test(props.url)) {
      throw new Error(
        `state url "${props.url}" is not of the form https://host/states/<name>, without a slash at its end`,
      );
    }
    super(scope, {
      address: props.url,
      lockAddress: `${props.url}/lock`,
      lockMethod: "LOCK",
      unlockAddress: `${props.url}/lock`,
      unlockMethod: "UNLOCK",
    });
  }
}
