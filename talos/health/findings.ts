import { etcdProblems } from "../change/etcd-problems";
import { namesOfControlPlanes } from "../change/preflight";
import { isServiceHealthy } from "../read/services";
import { certificateProblem } from "./certificates";
import type { HealthReading, KubernetesReading, NodeReading } from "./reading";

/** Something that is not as it should be: an `error` does harm now, a `warning` does not yet. */
export interface Finding {
  readonly level: "error" | "warning";
  /** The node that it is about. @default - the cluster */
  readonly node?: string;
  /** What is wrong and where, and what to do where that is known. */
  readonly text: string;
}

/** What is not as it should be; empty for a healthy cluster. */
export function findingsOf(
  { nodes, etcd, certificates, kubernetes }: HealthReading,
  wantedKubernetes: string | undefined,
  now: Date,
): readonly Finding[] {
  const controlPlanes = namesOfControlPlanes(nodes.map(({ node }) => node));
  return [
    ...nodes.flatMap((reading) => about(reading.node.name, nodeFindings(reading))),
    ...etcdProblems(controlPlanes, etcd).map(error),
    ...certificates.flatMap((certificate): Finding[] => {
      const problem = certificateProblem(certificate, now);
      if (problem === undefined) return [];
      return [
        { level: certificate.notAfter <= now ? "error" : "warning", text: `${certificate.name} ${problem}` },
      ];
    }),
    ...(kubernetes ? kubernetesFindings(kubernetes, nodes, wantedKubernetes) : []),
  ];
}

const error = (text: string): Finding => ({ level: "error", text });
const warning = (text: string): Finding => ({ level: "warning", text });
const about = (node: string, findings: readonly Finding[]): readonly Finding[] =>
  findings.map(({ level, text }) => ({ level, node, text }));

function nodeFindings(reading: NodeReading): readonly Finding[] {
  const { node, stage, isReady, waitsFor } = reading;
  const { name } = node;
  if (reading.error !== undefined) return [error(`${name}: ${reading.error}`)];
  if (stage !== "running") return [error(`${name}: it is ${stage ?? "in an unknown stage"}, not running`)];
  const services = reading.services.filter((service) => !isServiceHealthy(service));
  return [
    ...(isReady
      ? []
      : [error(`${name}: it is not ready; it waits for ${waitsFor.join(", ") || "nothing that it names"}`)]),
    ...services.map((service) =>
      error(`${name}: service ${service.name} is ${service.state}, ${service.health}`),
    ),
    ...versionFindings(reading),
    ...(reading.isRebootPending
      ? [warning(`${name}: a staged config waits for a reboot; npm run reboot -- ${name}`)]
      : []),
  ];
}

function versionFindings({ node, talosVersion, schematicId }: NodeReading): readonly Finding[] {
  const { name } = node;
  const other = talosVersion !== node.talosVersion;
  return [
    ...(other
      ? [warning(`${name}: runs Talos ${talosVersion}, not ${node.talosVersion}; npm run upgrade`)]
      : []),
    ...(schematicId === node.schematicId
      ? []
      : [
          warning(
            `${name}: runs ${schematicId ? `schematic ${schematicId.slice(0, 12)}…` : "an image without a schematic"}, not ${node.schematicId.slice(0, 12)}…; npm run upgrade`,
          ),
        ]),
  ];
}

function kubernetesFindings(
  kubernetes: KubernetesReading,
  nodes: readonly NodeReading[],
  wanted: string | undefined,
): readonly Finding[] {
  if (kubernetes.error !== undefined)
    return [error(`the Kubernetes API does not answer: ${kubernetes.error}`)];
  const byName = new Map(kubernetes.nodes.map((node) => [node.name, node]));
  const strangers = kubernetes.nodes.filter(({ name }) => nodes.every(({ node }) => node.name !== name));
  return [
    ...nodes.flatMap(({ node: { name } }): readonly Finding[] => {
      const node = byName.get(name);
      if (node === undefined) return about(name, [error(`${name}: Kubernetes has no Node of this name`)]);
      const { isReady, isCordoned, kubeletVersion } = node;
      return about(name, [
        ...(isReady ? [] : [error(`${name}: its Node in Kubernetes is not ready`)]),
        ...(isCordoned ? [warning(`${name}: is cordoned; kubectl uncordon ${name}`)] : []),
        ...(wanted === undefined || kubeletVersion === wanted
          ? []
          : [
              warning(`${name}: its kubelet is ${kubeletVersion}, not ${wanted}; npm run upgrade-kubernetes`),
            ]),
      ]);
    }),
    ...strangers.map(({ name }) =>
      warning(
        `Kubernetes has the Node ${name}, which is no node of the cluster; kubectl delete node ${name}`,
      ),
    ),
  ];
}
