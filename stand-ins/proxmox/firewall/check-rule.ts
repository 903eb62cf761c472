import ipaddr from "ipaddr.js";
import { parameterError } from "../api/errors";
import type { FirewallRule } from "../model";

/** Those of `/etc/protocols` that a rule for a VM may have a use for. */
const PROTOCOLS = /^(?:tcp|udp|sctp|icmp|ipv6-icmp|icmpv6|ipencap|ipv6|gre|esp|ah|igmp|vrrp|ospf|\d{1,3})$/;
const MAX_PORTS = 15;

/** Checks a rule as a whole, after its parameters. @throws ApiError 400 */
export function checkRule({ proto, dport, sport, source, dest }: FirewallRule): void {
  const errors: Record<string, string> = {};
  if (proto !== undefined && !PROTOCOLS.test(String(proto))) errors.proto = `unknown protocol '${proto}'`;
  for (const [name, ports] of Object.entries({ dport, sport })) {
    if (ports === undefined) continue;
    const problem = portsProblem(String(ports));
    if (problem !== undefined) errors[name] = problem;
    if (proto === undefined) errors.proto = `missing property - '${name}' requires this property`;
  }
  const families = new Set<string>();
  for (const [name, list] of Object.entries({ source, dest })) {
    if (list === undefined) continue;
    const kinds = String(list).split(",").map(family);
    if (kinds.includes(undefined)) errors[name] = `invalid IP address: ${list}`;
    else if (new Set(kinds).size > 1)
      errors[name] = `detected mixed ipv4/ipv6 addresses in address list '${list}'`;
    for (const kind of kinds) if (kind !== undefined) families.add(kind);
  }
  if (families.size > 1 && errors.source === undefined && errors.dest === undefined) {
    errors.dest = "detected mixed ipv4/ipv6 addresses in rule";
  }
  if (Object.keys(errors).length > 0) throw parameterError(errors);
}

/** The IP version that a rule is limited to by its addresses or protocol; undefined for both. */
export function ipVersion({ proto, source, dest }: FirewallRule): 4 | 6 | undefined {
  const [address] = String(source ?? dest ?? "").split(",");
  if (address) return family(address) === "ipv6" ? 6 : 4;
  if (proto === "icmp") return 4;
  return proto === "ipv6-icmp" || proto === "icmpv6" ? 6 : undefined;
}

function portsProblem(list: string): string | undefined {
  let count = 0;
  for (const each of list.split(",")) {
    const [first = "", last] = each.split(":");
    count += last === undefined ? 1 : 2;
    for (const port of last === undefined ? [first] : [first, last]) {
      if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) return `invalid port '${port}'`;
    }
    if (last !== undefined && Number(first) > Number(last)) return `backwards range '${each}' not allowed`;
  }
  return count > MAX_PORTS ? `too many entries in port list (> ${MAX_PORTS} numbers)` : undefined;
}

/** The family of an address or network; undefined where it is none, or has bits of the host part set. */
function family(text: string): string | undefined {
  if (!text.includes("/")) return ipaddr.isValid(text) ? ipaddr.parse(text).kind() : undefined;
  try {
    const [address] = ipaddr.parseCIDR(text);
    const kind = address.kind();
    const network = (kind === "ipv4" ? ipaddr.IPv4 : ipaddr.IPv6).networkAddressFromCIDR(text);
    return network.toNormalizedString() === address.toNormalizedString() ? kind : undefined;
  } catch {
    return undefined;
  }
}
