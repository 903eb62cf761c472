import { CNIS, countPorts, MAX_PORTS, portsProblem, RULE_COMMENT, sourceProblem } from "../domain/firewall";
import { NODE_ROLES } from "../domain/talos";
import { PropChecks } from "./prop-checks";
import type { TalosTrafficProps } from "./talos-traffic";

/** @throws for the first prop that is not valid. */
export function checkTalosTraffic(props: TalosTrafficProps): void {
  const checks = new PropChecks("firewall");
  checks.choice("cni", props.cni, CNIS);
  const networks = (prop: string, cidrs: readonly string[] = []) => {
    for (const cidr of cidrs) checks.textBy(prop, cidr, sourceProblem);
  };
  networks("kubernetesApiCidrs", props.kubernetesApiCidrs);
  networks("talosApiCidrs", props.talosApiCidrs);
  networks("nodePortCidrs", props.nodePortCidrs);
  for (const [index, { ports, protocol, from, role, comment }] of (props.rules ?? []).entries()) {
    const at = `rules[${index}]`;
    for (const port of ports) checks.textBy(`${at}.ports`, String(port), portsProblem);
    if (ports.length === 0) checks.fail(`${at}.ports is empty; name a port`);
    if (countPorts(ports) > MAX_PORTS) {
      checks.fail(`${at}.ports are ${countPorts(ports)}, a range as two; Proxmox takes at most ${MAX_PORTS}`);
    }
    checks.choice(`${at}.protocol`, protocol, ["tcp", "udp"]);
    networks(`${at}.from`, from);
    checks.choice(`${at}.role`, role, NODE_ROLES);
    checks.text(`${at}.comment`, comment, RULE_COMMENT);
  }
}
