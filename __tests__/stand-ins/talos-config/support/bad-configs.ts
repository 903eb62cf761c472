/** A change that makes a good configuration one that no node should run. */
export interface BadConfig {
  readonly name: string;
  readonly change: (good: string) => string;
  /** What the library says. Undefined where it takes the configuration: only a synth can refuse that one. */
  readonly refused: RegExp | undefined;
}

/** Adds a document to the configuration. */
const document = (kind: string, body: string) => (good: string) =>
  `${good}---\napiVersion: v1alpha1\nkind: ${kind}\n${body}\n`;

/** Adds lines below a line of the configuration, indented as they are given. */
const below = (line: string, lines: string) => replaced(line, `${line}\n${lines}`);

function replaced(line: string, by: string) {
  return (good: string) => {
    const lines = good.split("\n");
    const at = lines.indexOf(line);
    if (at < 0) throw new Error(`the good configuration has no line "${line}"`);
    return lines.with(at, by).join("\n");
  };
}

const inMachineNetwork = (lines: string) => replaced("    network: {}", `    network:\n${lines}`);

export const BAD_CONFIGS: readonly BadConfig[] = [
  {
    name: "an alias of links by an expression that is none",
    change: document("LinkAliasConfig", "name: net0\nselector:\n  match: foo(bar"),
    refused: /Syntax error/,
  },
  {
    name: "an unknown key of the API server",
    change: below("    apiServer:", "        foo: bar"),
    refused: /unknown keys.*apiServer:\s*foo: bar/s,
  },
  {
    name: "an unknown key of the kubelet",
    change: below("    kubelet:", "        foo: bar"),
    refused: /unknown keys.*kubelet:\s*foo: bar/s,
  },
  {
    name: "a subnet of node IPs that is no subnet",
    change: below("    kubelet:", "        nodeIP:\n            validSubnets: [foo]"),
    refused: /subnet.*foo/,
  },
  {
    name: "an interface with an address that is none",
    change: inMachineNetwork(
      "        interfaces:\n          - interface: eth0\n            addresses: [foo]",
    ),
    refused: /invalid CIDR address: foo|"foo"/,
  },
  {
    name: "an unknown key of an interface",
    change: inMachineNetwork(
      "        interfaces:\n          - interface: eth0\n            adresses: [10.0.0.1/24]",
    ),
    refused: /unknown keys.*adresses/s,
  },
  {
    name: "a link with an address without prefix length",
    change: document("LinkConfig", "name: eth0\naddresses:\n  - address: 10.0.0.1"),
    refused: /10\.0\.0\.1.*no '\/'/,
  },
  {
    name: "a link without a name",
    change: document("LinkConfig", "addresses:\n  - address: 10.0.0.1/24"),
    refused: /name must be specified/,
  },
  {
    name: "an unknown key of a link",
    change: document("LinkConfig", "name: eth0\nadresses:\n  - address: 10.0.0.1/24"),
    refused: /unknown keys.*adresses/s,
  },
  {
    name: "resolvers in both forms",
    change: (good) =>
      document(
        "ResolverConfig",
        "nameservers:\n  - address: 10.0.0.1",
      )(inMachineNetwork("        nameservers: [1.1.1.1]")(good)),
    refused: /already set in v1alpha1 config/,
  },
  {
    name: "an install disk by a size that is none",
    change: replaced("        disk: /dev/sda", "        diskSelector:\n            size: foo"),
    refused: /foo/,
  },
  {
    name: "an unknown key of the time servers",
    change: document("TimeSyncConfig", "ntp:\n  server: [a]"),
    refused: /unknown keys.*server/s,
  },
  {
    name: "a user volume with a size that is none",
    change: document(
      "UserVolumeConfig",
      'name: data\nprovisioning:\n  diskSelector:\n    match: "!system_disk"\n  minSize: ten',
    ),
    refused: /UserVolumeConfig.*ParseFloat/s,
  },
  {
    name: "a user volume on no disk",
    change: document("UserVolumeConfig", "name: data\nprovisioning:\n  minSize: 10GiB"),
    refused: /disk selector is required/,
  },
  {
    name: "a virtual IP on no link",
    change: document("Layer2VIPConfig", "name: 10.0.0.10"),
    refused: /link/,
  },
  {
    name: "a VLAN without an ID",
    change: document("VLANConfig", "name: eth0.5\nparent: eth0"),
    refused: /vlanID/,
  },
  {
    name: "a VLAN on no link",
    change: document("VLANConfig", "name: eth0.5\nvlanID: 5"),
    refused: /parent/,
  },
  {
    name: "an encrypted volume without a key",
    change: document("VolumeConfig", "name: STATE\nencryption:\n  provider: luks2"),
    refused: /encryption.*key/,
  },
  {
    name: "an install disk that no machine has",
    change: replaced("        disk: /dev/sda", "        disk: /dev/nope"),
    refused: undefined,
  },
  {
    name: "an endpoint without TLS",
    change: replaced("        endpoint: https://127.0.0.10:6443", "        endpoint: http://127.0.0.10:6443"),
    refused: undefined,
  },
  {
    name: "a route without a gateway",
    change: document("LinkConfig", "name: eth0\nroutes:\n  - metric: 3"),
    refused: undefined,
  },
  {
    name: "a pod subnet without prefix length",
    change: replaced("            - 10.244.0.0/16", "            - 10.244.0.0"),
    refused: undefined,
  },
];
