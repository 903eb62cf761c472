import { TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { ProxmoxAccess, type ProxmoxAccessProps } from "../constructs/proxmox-access";
import { ProxmoxProvider } from "../constructs/proxmox-provider";
import type { StateProps } from "./cluster-stack-props";
import { configureState } from "./configure-state";

/** What a {@link ProxmoxAccessStack} is made of. */
export interface ProxmoxAccessStackProps extends ProxmoxAccessProps {
  /** https URL of the API. @default - the environment's PROXMOX_VE_ENDPOINT */
  readonly endpoint?: string;
  /** Whether any certificate of the API is accepted. @default - the environment's PROXMOX_VE_INSECURE, else false */
  readonly insecure?: boolean;
  /** Where the state is kept. @default - R2 with the settings of {@link StateProps} */
  readonly state?: StateProps;
}

/**
 * The user and token that the cluster stack works with. An administrator deploys it once, with rights that the
 * token itself does not have.
 */
export class ProxmoxAccessStack extends TerraformStack {
  constructor(scope: Construct, id: string, props: ProxmoxAccessStackProps = {}) {
    super(scope, id);
    const { endpoint, insecure, state, ...access } = props;
    configureState(this, state);
    new ProxmoxProvider(this, "proxmox", { endpoint, insecure: insecure || undefined });
    new ProxmoxAccess(this, "access", access);
  }
}
