import type { Platform } from "../model";
import { MachineConfigError } from "./documents";
import type { MachineConfig } from "./machine-config";
import type { MainDocument } from "./schema";

export interface ValidationContext {
  readonly platform: Platform;
  /** A node that is already installed does not require `machine.install`. */
  readonly installed: boolean;
}

type Problems = Generator<string, void>;

/**
 * Checks a parsed configuration as a node does, with the node's own messages.
 * @returns warnings
 * @throws MachineConfigError with all problems
 */
export function validateMachineConfig(config: MachineConfig, context: ValidationContext): readonly string[] {
  const problems = [
    ...(config.main ? prefixed("v1alpha1.Config", mainProblems(config, config.main, context)) : []),
    ...prefixed("v1alpha1/HostnameConfig", hostnameProblems(config)),
  ];
  if (problems.length > 0) {
    const count = `${problems.length} error${problems.length === 1 ? "" : "s"} occurred:`;
    throw new MachineConfigError([count, ...problems.map((problem) => `\t* ${problem}`), ""].join("\n"));
  }
  const given = config.main?.machine?.type;
  return config.type && given !== undefined && given !== config.type && given !== "init"
    ? [`use "${config.type}" instead of "${given}" for machine type`]
    : [];
}

function* mainProblems(config: MachineConfig, main: MainDocument, context: ValidationContext): Problems {
  if (!main.machine) {
    yield "machine instructions are required";
    return;
  }
  yield* clusterProblems(config, main);
  if (context.platform === "metal" && !context.installed) yield* installProblems(main);
  if (main.persist === false) yield ".persist should be enabled";
  const { ca, acceptedCAs = [] } = main.machine;
  if (!ca && acceptedCAs.length === 0) {
    yield "issuing CA or some accepted CAs are required (.machine.ca, machine.acceptedCAs)";
  }
  switch (config.type) {
    case "controlplane":
      yield* controlPlaneProblems(main);
      break;
    case "worker":
      yield* workerProblems(main);
      break;
    default:
      yield `unknown machine type "${main.machine.type}"`;
  }
}

function* clusterProblems({ type }: MachineConfig, { cluster }: MainDocument): Problems {
  if (!cluster) {
    yield "cluster instructions are required";
    return;
  }
  const endpoint = cluster.controlPlane?.endpoint;
  if (!endpoint) {
    yield "cluster controlplane endpoint is required";
    return;
  }
  if (!/^https?:\/\/[^/]+/.test(endpoint) || !URL.canParse(endpoint)) {
    yield `invalid controlplane endpoint: "${endpoint}" is no URL with a scheme and a host`;
  }
  if (type === "controlplane" && cluster.etcd && !cluster.etcd.ca) {
    yield "key/cert combination should not be empty (.cluster.etcd.ca)";
  }
  if (type !== "controlplane" && cluster.etcd) yield "etcd config is only allowed on control plane machines";
  const names = (cluster.inlineManifests ?? []).map(({ name = "" }) => name);
  if (names.some((name) => name.trim() === "")) yield "inline manifest name can't be empty";
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice) yield `inline manifest name "${twice}" is duplicate`;
}

function* installProblems({ machine }: MainDocument): Problems {
  const install = machine?.install;
  if (!install) yield 'install instructions are required in "metal" mode';
  else if (!install.disk && !install.diskSelector) {
    yield "either install disk or diskSelector should be defined";
  }
}

function* controlPlaneProblems({ machine, cluster }: MainDocument): Problems {
  if (!machine?.ca) yield "issuing CA is required (.machine.ca)";
  else if (!machine.ca.key) yield "issuing CA key is required for controlplane nodes (.machine.ca.key)";
  const cni = cluster?.network?.cni;
  const name = cni?.name ?? "flannel";
  if (!["flannel", "custom", "none"].includes(name)) {
    yield 'cni name should be one of ["flannel", "custom", "none"]';
  } else if (name !== "custom" && cni?.urls?.length) {
    yield `"urls" field should be empty for "${name}" CNI`;
  }
}

function* workerProblems({ machine, cluster }: MainDocument): Problems {
  if (machine?.ca?.key)
    yield "issuing Talos API CA key is not allowed on non-controlplane nodes (.machine.ca)";
  if (machine?.ca && !machine.ca.crt && !machine.acceptedCAs?.length) {
    yield "trusted CA certificates are required on non-controlplane nodes (.machine.ca.crt, .machine.acceptedCAs)";
  }
  if (cluster?.ca?.key) {
    yield "issuing Kubernetes API CA key is not allowed on non-controlplane nodes (.cluster.ca)";
  }
  const links = (machine?.network?.interfaces ?? []).flatMap((link) => [link, ...(link.vlans ?? [])]);
  if (links.some(({ vip }) => vip)) yield "virtual (shared) IP is not allowed on non-controlplane nodes";
}

function* hostnameProblems({ hostnameDocument, main }: MachineConfig): Problems {
  if (!hostnameDocument) return;
  const { auto, hostname = "" } = hostnameDocument;
  if (auto === "off" && !hostname) yield "either 'auto' or 'hostname' must be set";
  if (auto !== undefined && auto !== "off" && hostname) {
    yield "'auto' and 'hostname' cannot be set at the same time";
  }
  if (auto !== undefined && !["off", "stable"].includes(auto)) yield `invalid value for 'auto': ${auto}`;
  const label = hostname.split(".")[0] ?? "";
  if (hostname && (label.length === 0 || label.length > 63)) yield `invalid hostname "${label}"`;
  if (main?.machine?.network?.hostname) yield "static hostname is already set in v1alpha1 config";
  if (main?.machine?.features?.stableHostname) yield "stable hostname is already set in v1alpha1 config";
}

const prefixed = (document: string, problems: Problems): readonly string[] =>
  [...problems].map((problem) => `${document}: ${problem}`);
