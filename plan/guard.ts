import { quorumOf } from "../domain/etcd";
import { TALOS_SECRETS_FILE } from "../domain/talos-secrets";
import { VM_RESOURCE_TYPE } from "../domain/virtual-machine";
import type { AttributeChange, PlannedChange } from "./changes";
import { removedDisks } from "./disks";
import { displayAttribute } from "./display-attribute";
import type { PlanFile } from "./plan-file";

/** What the guard stops a plan for. */
export type GuardRule = "vm" | "disk" | "quorum" | "state" | "secrets";

/** Something that a plan would lose, and that nobody has allowed. */
export interface Finding {
  readonly rule: GuardRule;
  /** The resource that the plan changes. */
  readonly address: string;
  /** What allows it: `--allow <name>`. */
  readonly allow: string;
  /** What would be lost, why, and the way on. */
  readonly message: string;
}

export interface Verdict {
  /** What stops the plan. */
  readonly refused: readonly Finding[];
  /** What would have stopped it, and was named. */
  readonly allowed: readonly Finding[];
}

/** The resource that has the secrets of a cluster. */
const SECRETS_TYPE = "talos_machine_secrets";
/** The resource that says that a cluster was made. */
const BOOTSTRAP_TYPE = "talos_machine_bootstrap";
/** Resources that hold states, and what is in them. */
const STATE_HOLDERS: Readonly<Record<string, string>> = {
  cloudflare_r2_bucket: "the states in it, and their versions, would be gone",
  cloudflare_workers_script: "the states' locks, pointers and audits are in its Durable Objects",
};

/**
 * Judges a plan before it is applied: what would lose a VM, a disk, the quorum of etcd, a state or the secrets of a cluster
 * is refused unless it is named.
 * @param allow names of findings ({@link Finding.allow}), or addresses
 * @throws where a name of `allow` is of nothing that the plan would lose: it may be misspelt
 */
export function judge(plan: PlanFile, changes: readonly PlannedChange[], allow: readonly string[]): Verdict {
  const findings = [
    ...changes.flatMap(findingsOf),
    ...otherSecrets(plan, changes),
    ...quorumFindings(plan, changes),
  ];
  const isNamed = ({ allow: name, address }: Finding) => allow.includes(name) || allow.includes(address);
  const known = new Set(findings.flatMap(({ allow: name, address }) => [name, address]));
  const unknown = allow.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    const names = [...new Set(findings.map(({ allow: name }) => name))].join(", ");
    throw new Error(
      `--allow ${unknown.join(", ")} names nothing that this plan would lose; ${names ? `that is ${names}` : "it would lose nothing, so leave it out"}`,
    );
  }
  return {
    refused: findings.filter((finding) => !isNamed(finding)),
    allowed: findings.filter(isNamed),
  };
}

function findingsOf(change: PlannedChange): readonly Finding[] {
  const { type, action, address, name } = change;
  // Whatever else is forgotten stays as it is. Of the secrets, the state has the only copy.
  const isLost =
    action === "destroy" || action === "replace" || (action === "forget" && type === SECRETS_TYPE);
  if (type === VM_RESOURCE_TYPE) return isLost ? [lostVm(change)] : lostDisks(change);
  if (!isLost) return [];
  const done = { replace: "replaced", destroy: "destroyed", forget: "forgotten" }[action];
  const what = `${address} would be ${done}${because(change)}`;
  const holds = STATE_HOLDERS[type];
  if (holds !== undefined) {
    const message = `${what}: ${holds}; copy them with \`npm run state -- backup\` first, then pass --allow ${address}`;
    return [{ rule: "state", address, allow: address, message }];
  }
  if (type === SECRETS_TYPE) {
    const message =
      `${what}: every certificate of cluster "${name}" and its etcd encryption key would be new, and no node could be ` +
      `reached; undo the change that asks for it, or pass --allow ${address} for a cluster that is to be made anew`;
    return [{ rule: "secrets", address, allow: address, message }];
  }
  return [];
}

function lostVm(change: PlannedChange): Finding {
  const { action, address, name } = change;
  const wayOn =
    action === "replace"
      ? `undo that, or pass --allow ${name}`
      : `drain the node first and pass --allow ${name}, or put it back into cluster.yaml`;
  const what = action === "replace" ? "be replaced by a new VM" : "be destroyed";
  const message = `${name} (${address}) would ${what} and its disks deleted${because(change)}; ${wayOn}`;
  return { rule: "vm", address, allow: name, message };
}

function lostDisks(change: PlannedChange): readonly Finding[] {
  if (change.action !== "update" && change.action !== "import") return [];
  const { address, name } = change;
  return removedDisks(change).map((disk) => {
    const allow = `${name}/${disk.interface}`;
    const message =
      `${name} (${address}) would lose its disk ${disk.interface} (${disk.sizeGiB} GiB on ${disk.storage}): it is no ` +
      `longer in the program; put it back into cluster.yaml, or copy its data and pass --allow ${allow}`;
    return { rule: "disk", address, allow, message };
  });
}

/** The nodes of a cluster that was made have their secrets, also where the state has forgotten them. */
function otherSecrets({ resource_changes }: PlanFile, changes: readonly PlannedChange[]): readonly Finding[] {
  const isMade = resource_changes.some(
    ({ type, change }) => type === BOOTSTRAP_TYPE && !change.actions.includes("create"),
  );
  const created = changes.filter(({ type, action }) => type === SECRETS_TYPE && action === "create");
  if (!isMade) return [];
  return created.map(({ address, name }) => {
    const message =
      `${address} would be created, but cluster "${name}" was made with secrets that the state has no more, and its nodes ` +
      `accept no others; if they are in ${TALOS_SECRETS_FILE}, set talos.secrets: out-of-state, else import them (docs/adoption.md), ` +
      `or pass --allow ${address} for a cluster that is to be made anew`;
    return { rule: "secrets", address, allow: address, message };
  });
}

/** How many control planes an apply would take down together, against what etcd needs to keep working. */
function quorumFindings(plan: PlanFile, changes: readonly PlannedChange[]): readonly Finding[] {
  const members = namesIn(plan.output_changes.controller_nodes?.before);
  const down = changes.filter(
    (change) => change.type === VM_RESOURCE_TYPE && members.includes(change.name) && isTakenDown(change),
  );
  const quorum = quorumOf(members.length);
  const [first] = down;
  if (first === undefined || members.length - down.length >= quorum) return [];
  const names = down.map(({ name }) => name).join(", ");
  const message =
    `etcd would lose its quorum: ${names} of ${members.length} control planes would go down together, and ${quorum} ` +
    "must stay up; change them one by one, or pass --allow quorum for a cluster that may stop";
  return [{ rule: "quorum", address: first.address, allow: "quorum", message }];
}

function isTakenDown({ action, attributes, after }: PlannedChange): boolean {
  if (action === "destroy" || action === "replace") return true;
  const isStopped = attributes.some(({ path, after: value }) => path === "started" && value === false);
  // The provider restarts the VM where one of these changes.
  const isRestarted =
    after.reboot_after_update === true &&
    attributes.some(({ path }) => /^(cpu|memory|bios|machine|vga|hostpci|efi_disk|numa)\b/.test(path));
  return action === "update" && (isStopped || isRestarted);
}

const namesIn = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];

function because({ attributes, reason }: PlannedChange): string {
  const forced = attributes.filter(({ forcesReplacement }) => forcesReplacement);
  if (forced.length > 0) return `, because ${forced.map(display).join(" and ")} cannot be changed in place`;
  return reason ? `, because ${reason}` : "";
}

function display(attribute: AttributeChange): string {
  const { before, after } = displayAttribute(attribute);
  return `${attribute.path} ${before} → ${after}`;
}
