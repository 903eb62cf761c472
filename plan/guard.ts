import { quorumOf } from "../domain/etcd";
import { TALOS_SECRETS_FILE, TALOS_SECRETS_TYPE } from "../domain/talos-secrets";
import { VM_RESOURCE_TYPE } from "../domain/virtual-machine";
import { type AttributeChange, nameOf, type PlannedChange } from "./changes";
import { networkFindings } from "./cluster-network";
import { lockedDisks } from "./disk-encryption";
import { losesTpm, removedDisks, TPM_SLOT } from "./disks";
import { displayAttribute } from "./display-attribute";
import { CONFIG_TYPE, type Finding } from "./finding";
import type { PlanFile } from "./plan-file";
import { strayedSettings } from "./strayed-settings";
import { vmsOfAnotherState } from "./unknown-state";

export interface Verdict {
  /** What stops the plan. */
  readonly refused: readonly Finding[];
  /** What would have stopped it, and was named. */
  readonly allowed: readonly Finding[];
}

/** Resources by which the address of a control plane reaches etcd: its config, and the rules that let the others in. */
const ADDRESS_TYPES = [CONFIG_TYPE, "proxmox_virtual_environment_firewall_rules"];
/** The resource that says that a cluster was made. */
const BOOTSTRAP_TYPE = "talos_machine_bootstrap";
/** Resources that hold states, and what is in them. */
const STATE_HOLDERS: Readonly<Record<string, string>> = {
  cloudflare_r2_bucket: "the states in it, and their versions, would be gone",
  cloudflare_workers_script: "the states' locks, pointers and audits are in its Durable Objects",
};

/**
 * Judges a plan before it is applied: what would lose a VM, a disk, the quorum of etcd, a state, the secrets of a cluster
 * or its networks is refused unless it is named.
 * @param allow names of findings ({@link Finding.allow}), or addresses
 * @throws where a name of `allow` is of nothing that the plan would lose: it may be misspelt
 */
export function judge(plan: PlanFile, changes: readonly PlannedChange[], allow: readonly string[]): Verdict {
  const findings = [
    ...changes.flatMap(findingsOf),
    ...demotions(plan),
    ...otherSecrets(plan, changes),
    ...quorumFindings(plan, changes),
    ...networkFindings(changes),
    ...hiddenState(plan, changes),
  ];
  const isNamed = ({ allow: name, address }: Finding) => allow.includes(name) || allow.includes(address);
  const known = new Set([
    ...findings.flatMap(({ allow: name, address }) => [name, address]),
    ...lostBefore(changes),
  ]);
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

/** What an earlier run of the same deploy may have lost: it destroyed a VM, and failed before it had created the new one. */
function lostBefore(changes: readonly PlannedChange[]): readonly string[] {
  const created = changes.filter(({ type, action }) => type === VM_RESOURCE_TYPE && action === "create");
  return created.flatMap(({ name, address }) => [name, address, "quorum"]);
}

function findingsOf(change: PlannedChange): readonly Finding[] {
  const { type, action, address, name } = change;
  // Whatever else is forgotten stays as it is. Of the secrets, the state has the only copy.
  const isLost =
    action === "destroy" || action === "replace" || (action === "forget" && type === TALOS_SECRETS_TYPE);
  if (type === CONFIG_TYPE && action === "update") return lockedDisks(change);
  if (type === VM_RESOURCE_TYPE) return isLost ? [lostVm(change)] : lostDisks(change);
  if (!isLost) return [];
  const done = { replace: "replaced", destroy: "destroyed", forget: "forgotten" }[action];
  const what = `${address} would be ${done}${because(change)}`;
  const holds = STATE_HOLDERS[type];
  if (holds !== undefined) {
    const message = `${what}: ${holds}; copy them with \`npm run state -- backup\` first, then pass --allow ${address}`;
    return [{ rule: "state", address, allow: address, message }];
  }
  if (type === TALOS_SECRETS_TYPE) {
    const message =
      `${what}: every certificate of cluster "${name}" and its etcd encryption key would be new, and no node could be ` +
      `reached; undo the change that asks for it, or pass --allow ${address} for a cluster that you want to create again`;
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
  const disks = removedDisks(change).map((disk): Finding => {
    const allow = `${name}/${disk.interface}`;
    const message =
      `${name} (${address}) would lose its disk ${disk.interface} (${disk.sizeGiB} GiB on ${disk.storage}): it is no ` +
      `longer in the program; put it back into cluster.yaml, or copy its data and pass --allow ${allow}`;
    return { rule: "disk", address, allow, message };
  });
  const found = [...disks, ...strayedSettings(change)];
  if (!losesTpm(change)) return found;
  const allow = `${name}/${TPM_SLOT}`;
  const message =
    `${name} (${address}) would lose its TPM, and what is sealed to it could never be read again, as the disks of a node with ` +
    `encrypt_disk and Secure Boot; take tpm: false out of cluster.yaml, or pass --allow ${allow}`;
  return [...found, { rule: "disk", address, allow, message }];
}

/** A state that was lost, or is elsewhere: an apply would begin another one, with new secrets. */
function hiddenState(plan: PlanFile, changes: readonly PlannedChange[]): readonly Finding[] {
  const vms = vmsOfAnotherState(plan, changes);
  const [first] = vms;
  if (first === undefined) return [];
  const message =
    `the state is empty, and ${vms.map(({ name }) => name).join(", ")} ${vms.length === 1 ? "is" : "are"} in Proxmox already: an apply would ` +
    "begin another state, with new secrets that no running node accepts; find theirs with `npm run state -- list`, look at the key state in " +
    "cluster.yaml and at STATE_BACKEND, import them where it is gone for good (docs/migrations/vms-without-state.md), or pass --allow new-state " +
    "where a first deploy was killed before it had a state";
  return [{ rule: "state", address: first.address, allow: "new-state", message }];
}

/** Control planes whose VM stays and which would be workers: each stays a member of etcd that nothing runs. */
function demotions(plan: PlanFile): readonly Finding[] {
  return demoted(plan).map((name) => {
    const address = vmAddressIn(plan, name);
    const message =
      `${name} (${address}) would be a worker, but stay a member of etcd that nothing runs: no node that runs changes its role; ` +
      `undo that, take it out with npm run remove-node -- ${name} and add it again, or pass --allow ${name} where etcd is not on it any more`;
    return { rule: "quorum", address, allow: name, message };
  });
}

function demoted(plan: PlanFile): readonly string[] {
  const { before, after } = plan.output_changes.controller_nodes ?? {};
  if (!Array.isArray(after)) return [];
  return namesIn(before).filter((name) => !namesIn(after).includes(name) && staysIn(plan, name));
}

const staysIn = ({ resource_changes }: PlanFile, name: string): boolean =>
  resource_changes.some(
    (each) =>
      each.type === VM_RESOURCE_TYPE &&
      nameOf(each) === name &&
      // One that is made under the name of another one, which was renamed, is new.
      !each.change.actions.some((action) => action === "delete" || action === "create"),
  );

const vmAddressIn = ({ resource_changes }: PlanFile, name: string): string =>
  resource_changes.find((each) => each.type === VM_RESOURCE_TYPE && nameOf(each) === name)?.address ?? name;

/** The nodes of a cluster that was made have their secrets, also where the state has forgotten them. */
function otherSecrets({ resource_changes }: PlanFile, changes: readonly PlannedChange[]): readonly Finding[] {
  const isMade = resource_changes.some(
    ({ type, change }) => type === BOOTSTRAP_TYPE && !change.actions.includes("create"),
  );
  const created = changes.filter(({ type, action }) => type === TALOS_SECRETS_TYPE && action === "create");
  if (!isMade) return [];
  return created.map(({ address, name }) => {
    const message =
      `${address} would be created, but cluster "${name}" was made with secrets that the state has no more, and its nodes ` +
      `accept no others; if they are in ${TALOS_SECRETS_FILE}, set talos.secrets: out-of-state, else import them (docs/adoption.md), ` +
      `or pass --allow ${address} for a cluster that you want to create again`;
    return { rule: "secrets", address, allow: address, message };
  });
}

/** How many control planes an apply would take down together, against what etcd needs to keep working. */
function quorumFindings(plan: PlanFile, changes: readonly PlannedChange[]): readonly Finding[] {
  const members = namesIn(plan.output_changes.controller_nodes?.before);
  const lost = [
    ...changes.filter((each) => each.type === VM_RESOURCE_TYPE && isTakenDown(each)).map(({ name }) => name),
    ...demoted(plan),
    ...readdressed(plan),
  ];
  const down = members.filter((name) => lost.includes(name));
  const quorum = quorumOf(members.length);
  const [first] = down;
  if (first === undefined || members.length - down.length >= quorum) return [];
  const message =
    `etcd would lose its quorum: ${down.join(", ")} of ${members.length} control planes would go down together, and ${quorum} ` +
    "must stay up; change them one by one, or pass --allow quorum for a cluster that may stop";
  return [{ rule: "quorum", address: vmAddressIn(plan, first), allow: "quorum", message }];
}

/**
 * The nodes with another address, where that reaches etcd: the config names it, and a firewall lets no other one in. Elsewhere, the
 * addresses are only drawn.
 */
function readdressed({ output_changes, resource_changes }: PlanFile): readonly string[] {
  const { before, after } = output_changes.node_addresses ?? {};
  const reachesEtcd = resource_changes.some(({ type }) => ADDRESS_TYPES.includes(type));
  if (!reachesEtcd) return [];
  const [were, would] = [addressesIn(before), addressesIn(after)];
  return Object.keys(were).filter((name) => would[name] !== undefined && would[name] !== were[name]);
}

const addressesIn = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};

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
