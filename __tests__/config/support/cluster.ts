import { ConfigError, type LoadedCluster, type ParseClusterProps, parseCluster } from "../../../config";

export const VANILLA = "376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba";
export const WITH_AGENT = "ce4c980550dd2ab1b17bbf2b08801c7eb59418eafe8f279833297925d67c7515";

/** The smallest file that says everything; the tests know its lines by number. */
export const VALID = `node_cidr: 10.0.0.0/24
cluster_api_addr: 10.0.0.5
proxmox_api_url: https://pve.example.com:8006
proxmox_node: pve1
nodes:
  - name: cp-1
    address: 10.0.0.11
    controller: true
    disk: /dev/sda
    vm_id: 101
    schematic_id: ${WITH_AGENT}
  - name: cp-2
    address: 10.0.0.12
    controller: true
    disk: /dev/sda
    vm_id: 102
    schematic_id: ${WITH_AGENT}
  - name: cp-3
    address: 10.0.0.13
    controller: true
    disk: /dev/sda
    vm_id: 103
    schematic_id: ${WITH_AGENT}
  - name: worker-1
    address: 10.0.0.21
    controller: false
    disk: /dev/sda
    vm_id: 111
    schematic_id: ${WITH_AGENT}
`;

export type Edit = (text: string) => string;

/** Replaces the first occurrence. */
export function replace(before: string, after: string): Edit {
  return (text) => {
    if (!text.includes(before)) throw new Error(`the text has no ${JSON.stringify(before)}`);
    return text.replace(before, () => after);
  };
}

/** Adds keys at the end: of the last node if they are indented, else of the cluster. */
export function append(...lines: readonly string[]): Edit {
  return (text) => `${text}${lines.join("\n")}\n`;
}

export function edit(...edits: readonly Edit[]): string {
  return edits.reduce((text, apply) => apply(text), VALID);
}

export function parse(text: string | Uint8Array, env: ParseClusterProps["env"] = {}): LoadedCluster {
  return parseCluster({ cluster: { file: "cluster.yaml", bytes: Buffer.from(text) }, env });
}

/** The lines of the error, none if there is no error. */
export function problemsOf(text: string | Uint8Array, env: ParseClusterProps["env"] = {}): readonly string[] {
  return problemsIn(() => parse(text, env));
}

export function problemsIn(action: () => unknown): readonly string[] {
  try {
    action();
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems;
  }
}
