import { HttpBackend } from "cdktf";
import type { Construct } from "constructs";
import { stateUrlProblem } from "../domain/url";
import { PropChecks } from "./prop-checks";

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
  /** @throws if the address is not that of a state. http is allowed only for loopback addresses. */
  constructor(scope: Construct, props: TfstateWorkerBackendProps) {
    new PropChecks("Worker backend").textBy("url", props.url, stateUrlProblem);
    super(scope, {
      address: props.url,
      lockAddress: `${props.url}/lock`,
      lockMethod: "LOCK",
      unlockAddress: `${props.url}/lock`,
      unlockMethod: "UNLOCK",
    });
  }
}
