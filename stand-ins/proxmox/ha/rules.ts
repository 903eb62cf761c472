import { createHash } from "node:crypto";
import { failure, parameterError } from "../api/errors";
import { DIGEST, splitList } from "../api/parameters";
import { requires } from "../api/permission";
import { type Route, route } from "../api/route";
import type { Cluster } from "../cluster";
import type { HaRule } from "../model";
import { reconcile } from "./manager";
import { parseSid } from "./resources";

const mayRead = requires("/", "Sys.Audit");
const mayChange = requires("/", "Sys.Console");

const settings = {
  comment: { type: "string", maxLength: 4096 },
  digest: DIGEST,
  disable: { type: "boolean" },
  nodes: { type: "string" },
  strict: { type: "boolean" },
  affinity: { type: "string", enum: ["positive", "negative"] },
} as const;
const ruleType = { type: "string", required: true, enum: ["node-affinity", "resource-affinity"] } as const;

export const haRuleRoutes: readonly Route[] = [
  route({
    method: "GET",
    template: "/cluster/ha/rules",
    parameters: { type: { type: "string", enum: ruleType.enum }, resource: { type: "string" } },
    permission: mayRead,
    handle: ({ cluster, params }) =>
      Object.entries(cluster.state.ha.rules)
        .filter(([, rule]) => params.type === undefined || rule.type === params.type)
        .filter(([, rule]) => params.resource === undefined || rule.resources.includes(params.resource))
        .map(([id, rule]) => print(cluster, id, rule)),
  }),
  route({
    method: "POST",
    template: "/cluster/ha/rules",
    parameters: {
      ...settings,
      rule: { type: "string", required: true, pattern: "[A-Za-z][A-Za-z0-9\\-_]+" },
      type: ruleType,
      resources: { type: "string", required: true },
    },
    permission: mayChange,
    handle: ({ cluster, params }) => {
      const { rules } = cluster.state.ha;
      if (rules[params.rule])
        throw failure(`create ha rule failed: HA rule '${params.rule}' already defined`);
      const orders = Object.values(rules).map(({ order }) => order);
      const rule: HaRule = {
        type: params.type as HaRule["type"],
        order: Math.max(0, ...orders) + 1,
        resources: [],
      };
      apply(cluster, rule, params, "create ha rule failed");
      assertFeasible(cluster, params.rule, rule, "create ha rule failed");
      rules[params.rule] = rule;
      reconcile(cluster);
      return null;
    },
  }),
  route({
    method: "GET",
    template: "/cluster/ha/rules/{rule}",
    permission: mayRead,
    handle: ({ cluster, path }) => {
      const rule = cluster.state.ha.rules[path.rule];
      if (!rule) throw failure(`no such ha rule '${path.rule}'`);
      return print(cluster, path.rule, rule);
    },
  }),
  route({
    method: "PUT",
    template: "/cluster/ha/rules/{rule}",
    parameters: {
      ...settings,
      type: ruleType,
      resources: { type: "string" },
      delete: { type: "string" },
    },
    permission: mayChange,
    handle: ({ cluster, path, params }) => {
      const { rules } = cluster.state.ha;
      const current = rules[path.rule];
      if (!current) throw failure(`update HA rules failed: HA rule '${path.rule}' does not exist`);
      assertOwnProperties(current.type, params);
      const rule: HaRule = { ...current };
      for (const name of params.delete?.split(",") ?? []) delete rule[name as "comment"];
      apply(cluster, rule, params, "update HA rules failed");
      assertFeasible(cluster, path.rule, rule, "update HA rules failed");
      rules[path.rule] = rule;
      reconcile(cluster);
      return null;
    },
  }),
  route({
    method: "DELETE",
    template: "/cluster/ha/rules/{rule}",
    permission: mayChange,
    handle: ({ cluster, path }) => {
      delete cluster.state.ha.rules[path.rule];
      return null;
    },
  }),
];

interface RuleParameters {
  readonly resources?: string;
  readonly nodes?: string;
  readonly strict?: boolean;
  readonly affinity?: string;
  readonly comment?: string;
  readonly disable?: boolean;
}

function apply(cluster: Cluster, rule: HaRule, given: RuleParameters, context: string): void {
  if (given.resources !== undefined) rule.resources = parseResources(cluster, given.resources, context);
  if (given.nodes !== undefined) rule.nodes = parseNodes(cluster, given.nodes, context);
  if (given.strict !== undefined) rule.strict = given.strict;
  if (given.affinity !== undefined) rule.affinity = given.affinity;
  if (given.comment !== undefined) rule.comment = given.comment;
  if (given.disable !== undefined) rule.disable = given.disable;
  if (rule.type === "node-affinity" && !rule.nodes) {
    throw parameterError({ nodes: "property is missing and it is not optional" });
  }
  if (rule.type === "resource-affinity" && !rule.affinity) {
    throw parameterError({ affinity: "property is missing and it is not optional" });
  }
}

function parseResources(cluster: Cluster, text: string, context: string): readonly string[] {
  const resources = [...new Set(splitList(text).map(parseSid))].sort();
  const unmanaged = resources.filter((sid) => !cluster.state.ha.resources[sid]);
  if (unmanaged.length > 0) {
    throw failure(`${context}: cannot use unmanaged resource(s) ${unmanaged.join(", ")}.`);
  }
  return resources;
}

/** `pve1:2,pve2` */
function parseNodes(cluster: Cluster, text: string, context: string): Readonly<Record<string, number>> {
  const nodes = Object.fromEntries(
    splitList(text).map((each) => {
      const [name = "", priority = "0"] = each.split(":");
      return [name, Number(priority)];
    }),
  );
  const unknown = Object.keys(nodes).filter((node) => !cluster.state.hosts[node]);
  if (unknown.length > 0) {
    throw failure(`${context}: cannot use non-existent node(s) ${unknown.join(", ")}.`);
  }
  return nodes;
}

/** The properties that only rules of one type have. */
const PROPERTIES = { "node-affinity": ["nodes", "strict"], "resource-affinity": ["affinity"] } as const;

/** A rule keeps its type, whatever the call says. @throws ApiError 500 */
function assertOwnProperties(type: HaRule["type"], given: RuleParameters): void {
  const other = type === "node-affinity" ? "resource-affinity" : "node-affinity";
  const foreign = PROPERTIES[other].find((name) => given[name] !== undefined);
  if (foreign !== undefined) throw failure(`update HA rules failed: unexpected property '${foreign}'`);
}

/** @throws ApiError 500 for a rule that cannot be satisfied or contradicts another one */
function assertFeasible(cluster: Cluster, id: string, rule: HaRule, context: string): void {
  if (rule.disable) return;
  const problems = ruleProblems(cluster, id, rule);
  // The error of a check inside of the change: its texts are in the message only.
  if (problems.length > 0) {
    throw failure(`${context}: 400 Rule '${id}' is invalid.\nresources: ${problems.join(", ")}`);
  }
}

function ruleProblems(cluster: Cluster, id: string, rule: HaRule): readonly string[] {
  const others = Object.entries(cluster.state.ha.rules)
    .filter(([other, { disable }]) => other !== id && !disable)
    .map(([, other]) => other);
  return rule.type === "node-affinity"
    ? [...duplicateProblems(rule, others), ...priorityProblems(rule, others)]
    : affinityProblems(cluster, rule, others);
}

/** A resource that must be near or far from others can only have hosts of one priority. */
function priorityProblems(rule: HaRule, others: readonly HaRule[]): readonly string[] {
  const isShared = others.some(
    ({ type, resources }) =>
      type === "resource-affinity" && resources.some((sid) => rule.resources.includes(sid)),
  );
  return isShared && hasPriorities(rule)
    ? [
        "resources are in a resource affinity rule and cannot be in a node affinity rule with multiple priorities",
      ]
    : [];
}

const hasPriorities = ({ nodes = {} }: HaRule): boolean => new Set(Object.values(nodes)).size > 1;

function duplicateProblems(rule: HaRule, others: readonly HaRule[]): readonly string[] {
  return rule.resources
    .filter((sid) =>
      others.some(({ type, resources }) => type === "node-affinity" && resources.includes(sid)),
    )
    .map((sid) => `resource '${sid}' is already used in another node affinity rule`);
}

function affinityProblems(cluster: Cluster, rule: HaRule, others: readonly HaRule[]): readonly string[] {
  const problems: string[] = [];
  if (rule.resources.length < 2) problems.push("rule is ineffective as there are less than two resources");
  const hosts = Object.keys(cluster.state.hosts).length;
  if (rule.affinity === "negative" && rule.resources.length > hosts) {
    problems.push("rule defines more resources than available nodes");
  }
  for (const other of others) {
    if (other.type === "node-affinity") problems.push(...priorityProblems(other, [rule]));
    const shared = other.resources.filter((sid) => rule.resources.includes(sid));
    if (other.type === "resource-affinity" && other.affinity !== rule.affinity && shared.length >= 2) {
      problems.push(`rule shares two or more resources with a ${other.affinity} resource affinity rule`);
    }
  }
  return problems;
}

function print(cluster: Cluster, id: string, rule: HaRule) {
  const nodes =
    rule.nodes &&
    Object.entries(rule.nodes)
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([name, priority]) => (priority > 0 ? `${name}:${priority}` : name))
      .join(",");
  const problems = rule.disable ? [] : ruleProblems(cluster, id, rule);
  return {
    rule: id,
    type: rule.type,
    order: rule.order,
    resources: rule.resources.join(","),
    ...(nodes === undefined ? {} : { nodes, strict: rule.strict ? 1 : 0 }),
    ...(rule.affinity === undefined ? {} : { affinity: rule.affinity }),
    ...(rule.comment === undefined ? {} : { comment: rule.comment }),
    ...(rule.disable ? { disable: 1 } : {}),
    ...(problems.length === 0 ? {} : { errors: { resources: problems } }),
    digest: createHash("sha1").update(JSON.stringify(cluster.state.ha.rules)).digest("hex"),
  };
}
