import type { PendingOfNode } from "../proxmox/pending-changes";
import type { Finding } from "../talos/health/findings";
import type { HealthReading, NodeReading } from "../talos/health/reading";
import type { Health, LiveNode, LiveTopology } from "../topology";

/** What the running cluster and Proxmox have said. */
export interface LiveReading {
  readonly readAt: Date;
  /** As `npm run health` reads and judges it; undefined if nobody could be asked. */
  readonly talos?: { readonly reading: HealthReading; readonly findings: readonly Finding[] };
  /** As `npm run pending` reads it; undefined if Proxmox could not be asked. */
  readonly proxmox?: readonly PendingOfNode[];
  /** Why somebody could not be asked at all. */
  readonly failures: readonly string[];
}

/** What could not be read; empty for a picture without gaps. */
export function gapsOf({ talos, proxmox = [], failures }: LiveReading): readonly string[] {
  const { nodes = [], kubernetes } = talos?.reading ?? {};
  return [
    ...failures,
    ...nodes.flatMap(({ node, error }) => (error === undefined ? [] : [named(node.name, error)])),
    ...(kubernetes?.error === undefined ? [] : [`the Kubernetes API does not answer: ${kubernetes.error}`]),
    ...proxmox.flatMap(({ name, error }) => (error === undefined ? [] : [named(name, error)])),
  ];
}

/** A call that was not answered names the node already. */
const named = (name: string, error: string): string =>
  error.startsWith(`${name} (`) ? error : `${name}: ${error}`;

/** The same for the picture. */
export function liveTopology(reading: LiveReading): LiveTopology {
  const { readAt, talos, proxmox = [], failures } = reading;
  const { findings = [] } = talos ?? {};
  const ofTalos = new Map(talos?.reading.nodes.map((node) => [node.node.name, node]));
  const ofProxmox = new Map(proxmox.map((vm) => [vm.name, vm]));
  const names = [...new Set([...ofTalos.keys(), ...ofProxmox.keys()])];
  return {
    readAt,
    nodes: new Map(
      names.map((name) => {
        const own = findings.filter(({ node }) => node === name);
        return [name, liveNode(own, ofTalos.get(name), ofProxmox.get(name))];
      }),
    ),
    remarks: [...failures, ...findings.filter(({ node }) => node === undefined).map(({ text }) => text)],
  };
}

function liveNode(findings: readonly Finding[], talos?: NodeReading, vm?: PendingOfNode): LiveNode {
  const { changes = [], error } = vm ?? {};
  return {
    health: healthOf(findings, talos),
    isRestartPending: (talos?.isRebootPending ?? false) || changes.length > 0,
    remarks: [
      ...findings.map(({ node, text }) => reason(text, node)),
      ...changes.map(
        ({ key, current, pending }) =>
          `Proxmox, after the next start: ${key} ${current ?? "(none)"} → ${pending ?? "(removed)"}`,
      ),
      ...(error === undefined ? [] : [`Proxmox: ${error}`]),
    ],
  };
}

function healthOf(findings: readonly Finding[], talos: NodeReading | undefined): Health {
  if (talos === undefined) return "not asked";
  if (talos.error !== undefined) return "no answer";
  if (findings.some(({ level }) => level === "error")) return "not healthy";
  return findings.length > 0 ? "warning" : "healthy";
}

/** Without the name of the node, and without the call that was not answered: a card has no room for what it says already. */
function reason(text: string, node = ""): string {
  const own = text.startsWith(`${node}: `) ? text.slice(node.length + 2) : text;
  return own.replace(/^\S+ \(\S+\): talosctl [^:]*: /, "");
}
