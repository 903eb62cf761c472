import { failure } from "../api/errors";
import { DIGEST, type ParameterValue, splitList } from "../api/parameters";
import { type Route, route } from "../api/route";
import type { FirewallRule } from "../model";
import { checkRule, ipVersion } from "./check-rule";
import { assertUnchanged, digestOf, firewallOf, LOG_LEVELS, mayRead, mayWrite } from "./guest-firewall";

const LIST = "/nodes/{node}/qemu/{vmid}/firewall/rules";
const ONE = "/nodes/{node}/qemu/{vmid}/firewall/rules/{pos}";

const text = { type: "string" } as const;
const position = { type: "integer", minimum: 0 } as const;
const action = { type: "string", pattern: "[A-Za-z][A-Za-z0-9\\-_]+", maxLength: 20 } as const;
const type = { type: "string", enum: ["in", "out", "forward", "group"] } as const;
const address = { type: "string", maxLength: 512 } as const;

const properties = {
  comment: text,
  dest: address,
  dport: text,
  enable: position,
  "icmp-type": text,
  iface: { type: "string", maxLength: 20 },
  log: { type: "string", enum: LOG_LEVELS },
  macro: { type: "string", maxLength: 128 },
  proto: text,
  source: address,
  sport: text,
} as const;
const PROPERTIES = new Set(["action", "type", ...Object.keys(properties)]);

type Changes = Readonly<Record<string, ParameterValue | undefined>>;

/** @see https://pve.proxmox.com/pve-docs/api-viewer/index.html#/nodes/{node}/qemu/{vmid}/firewall/rules */
export const firewallRuleRoutes: readonly Route[] = [
  route({
    method: "GET",
    template: LIST,
    permission: mayRead,
    handle: ({ cluster, path }) => {
      const { rules } = firewallOf(cluster, path.vmid);
      return rules.map((rule, pos) => ({
        ...rule,
        ipversion: ipVersion(rule),
        pos,
        digest: digestOf(rules),
      }));
    },
  }),
  route({
    method: "POST",
    template: LIST,
    parameters: {
      ...properties,
      action: { ...action, required: true },
      type: { ...type, required: true },
      pos: position,
      digest: DIGEST,
    },
    permission: mayWrite,
    handle: ({ cluster, path, params }) => {
      const firewall = firewallOf(cluster, path.vmid);
      // It becomes the first one, whatever `pos` says.
      firewall.rules = [changed({ enable: 0 }, params), ...firewall.rules];
      return null;
    },
  }),
  route({
    method: "GET",
    template: ONE,
    permission: mayRead,
    handle: ({ cluster, path }) => {
      const { rules } = firewallOf(cluster, path.vmid);
      const rule = ruleAt(rules, path.pos);
      // The position is the text of the path, although the API documentation has a number.
      return { ...rule, ipversion: ipVersion(rule), pos: path.pos, digest: digestOf(rules) };
    },
  }),
  route({
    method: "PUT",
    template: ONE,
    parameters: { ...properties, action, type, moveto: position, delete: text, digest: DIGEST },
    permission: mayWrite,
    handle: ({ cluster, path, params: { moveto, delete: removed, digest, ...changes } }) => {
      const firewall = firewallOf(cluster, path.vmid);
      assertUnchanged(firewall.rules, digest);
      const rule = ruleAt(firewall.rules, path.pos);
      const pos = Number(path.pos);
      firewall.rules =
        moveto !== undefined && moveto !== pos
          ? moved(firewall.rules, pos, moveto)
          : firewall.rules.with(pos, changed(without(rule, splitList(removed)), changes));
      return null;
    },
  }),
  route({
    method: "DELETE",
    template: ONE,
    parameters: { digest: DIGEST },
    permission: mayWrite,
    handle: ({ cluster, path, params }) => {
      const firewall = firewallOf(cluster, path.vmid);
      assertUnchanged(firewall.rules, params.digest);
      const rule = ruleAt(firewall.rules, path.pos);
      firewall.rules = firewall.rules.filter((each) => each !== rule);
      return null;
    },
  }),
];

/** @throws ApiError 500, by whose text the provider knows that there is none */
function ruleAt(rules: readonly FirewallRule[], pos: string): FirewallRule {
  const rule = rules[Number(pos)];
  if (!rule) throw failure(`no rule at position ${pos}`);
  return rule;
}

/** A rule with other values; an empty one removes a property. @throws ApiError 400 */
function changed(rule: FirewallRule, changes: Changes): FirewallRule {
  const next: Record<string, string | number> = { ...rule };
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || !PROPERTIES.has(name)) continue;
    if (value === "" || value === "-") delete next[name];
    else next[name] = typeof value === "number" ? value : String(value);
  }
  checkRule(next);
  return next;
}

const without = (rule: FirewallRule, names: readonly string[]): FirewallRule =>
  Object.fromEntries(Object.entries(rule).filter(([name]) => !names.includes(name)));

/** The rule before the one that is at `target` now; at the end if there is none. */
function moved(rules: readonly FirewallRule[], pos: number, target: number): readonly FirewallRule[] {
  const rule = rules[pos];
  if (!rule) return rules;
  const before = rules.slice(0, target).filter((each) => each !== rule);
  const after = rules.slice(target).filter((each) => each !== rule);
  return [...before, rule, ...after];
}
