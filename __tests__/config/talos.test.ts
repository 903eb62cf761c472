import { parseCluster } from "../../config";
import { append, edit, parse, problemsIn, replace, VALID } from "./support/cluster";

const KUBERNETES = "kubernetes_version: v1.36.0";
/** Keys below `talos`, which begins on line 30. */
const talos = (...keys: readonly string[]) =>
  edit(append("talos:", ...[KUBERNETES, ...keys].map((key) => `  ${key}`)));
const problemsOf = (text: string) => problemsIn(() => parse(text));

describe("the key talos", () => {
  test("is all that turns the configuration of Talos on", () => {
    expect(parse(VALID).config.talos).toBeUndefined();
    expect(parse(talos()).config.talos).toMatchObject({
      kubernetesVersion: "v1.36.0",
      configContract: "v1.12",
      cni: "flannel",
      announceVip: true,
      applyMode: "no_reboot",
    });
    expect(parse(talos()).warnings).toEqual([]);
  });

  test("needs the version of Kubernetes, which no upgrade of this program changes", () => {
    expect(problemsOf(edit(append("talos: {}")))).toEqual([
      "cluster.yaml:30: talos.kubernetes_version is missing; add it, for example v1.36.0",
    ]);
  });

  test("whoever has a cluster of the template is told what is not configured, in one line", () => {
    const { warnings } = parse(
      edit(
        append("node_ntp_servers: [1.2.3.4]", "cluster_pod_cidr: 10.42.0.0/16"),
        replace("    vm_id: 101\n", "    vm_id: 101\n    encrypt_disk: true\n    kernel_modules: [zfs]\n"),
      ),
    );
    expect(warnings).toEqual([
      "cluster.yaml:1: node_ntp_servers, cluster_pod_cidr, nodes[].encrypt_disk, nodes[].kernel_modules configure nothing without the key talos: " +
        "the program makes the VMs, and Talos is yours. to have it configured too, in a new cluster, add talos: { kubernetes_version: v1.36.0 } (docs/talos.md)",
    ]);
  });
});

test("a state in plain text is none of the business of secrets that are not in it", () => {
  const { config } = parse(
    edit(
      append(
        "talos: { kubernetes_version: v1.36.0, secrets: out-of-state }",
        "state: { encryption: { provider: 'off', reason: lab } }",
      ),
    ),
  );
  expect(config.talos?.secrets).toBe("out-of-state");
});

test("where Talos tags the frames, a new node is not in the VLAN yet", () => {
  const { warnings, config } = parse(`node_vlan_tag: 7\nproxmox_vlan_mode: false\n${talos()}`);
  expect(warnings).toEqual([
    "cluster.yaml:2: proxmox_vlan_mode false: until its machine config is applied, a new node has its address outside VLAN 7; make it reachable there for the deploy",
  ]);
  expect(config.network.talosVlan).toBe(7);
});

const REFUSED: readonly [string, string, ...string[]][] = [
  [
    "a Kubernetes that this Talos does not support",
    talos().replace("v1.36.0", "1.30.1"),
    "cluster.yaml:31: talos.kubernetes_version 1.30.1 is not supported by Talos v1.13.0; use a release from v1.31 to v1.36",
  ],
  [
    "a Talos that is too old",
    `talos_version: 1.9.1\n${talos()}`,
    "cluster.yaml:1: talos_version 1.9.1 is no release that this program can configure; use one from v1.11 to v1.14",
  ],
  [
    "a contract that the nodes do not understand",
    `talos_version: 1.11.6\n${talos().replace("v1.36.0", "v1.34.0")}`,
    "cluster.yaml:31: talos.config_contract v1.12 is newer than Talos v1.11.6, which does not understand it; use v1.11, the version that the cluster was made with, or an older one",
  ],
  [
    "adoption of a cluster that has its secrets already",
    `adopt: { vms: "proxmox_virtual_environment_vm.talos_node" }\n${talos()}`,
    "cluster.yaml:31: talos would make new secrets, which the nodes that adopt.vms takes over refuse; add adopt.talos: {} to take over their secrets as well, or leave this key out and go on configuring Talos as before",
  ],
  [
    "an adopted node that there is none of",
    `adopt: { talos: { configured_nodes: [cp-1, cp-7] } }\n${talos()}`,
    "cluster.yaml:1: adopt.talos.configured_nodes[1] cp-7 is no node of this cluster; use some of cp-1, cp-2, cp-3, worker-1",
  ],
  [
    "secrets in a state in plain text",
    edit(
      append(
        "talos: { kubernetes_version: v1.36.0 }",
        "state: { encryption: { provider: 'off', reason: lab } }",
      ),
    ),
    "cluster.yaml:30: talos puts the secrets of the cluster into the state, which is not encrypted; remove provider: off from state.encryption, or say in talos.plaintext_secrets why that may be",
  ],
  [
    "a reason for plain text where no secret is in the state",
    talos("secrets: out-of-state\n  plaintext_secrets: a lab"),
    "cluster.yaml:33: talos.plaintext_secrets has no effect with secrets: out-of-state, where none is in the state; remove it",
  ],
  [
    "an endpoint without a port",
    talos("endpoint: https://k8s.example.com"),
    "cluster.yaml:32: talos.endpoint https://k8s.example.com is not the URL of a Kubernetes API, with its port; write it like https://k8s.example.com:6443",
  ],
  [
    "Cilium without a version",
    talos("cni: cilium"),
    "cluster.yaml:30: talos.cilium is missing; cni cilium needs its version, such as cilium: { version: 1.18.2 }",
  ],
  [
    "flannel without kube-proxy",
    talos("kube_proxy: false"),
    "cluster.yaml:32: talos.kube_proxy false leaves services without anything that serves them, as flannel does not; set cni to cilium or none",
  ],
  [
    "a role as label",
    talos("workers: { labels: { node-role.kubernetes.io/gpu: '' } }"),
    'cluster.yaml:32: talos.workers.labels."node-role.kubernetes.io/gpu" is a role, which Kubernetes lets no node give itself; use a label of your own',
  ],
  [
    "a taint that is none",
    talos("workers: { taints: [gpu] }"),
    "cluster.yaml:32: talos.workers.taints[0] gpu is not a taint; write it like dedicated=gpu:NoSchedule, with one of NoSchedule, PreferNoSchedule, NoExecute",
  ],
  [
    "a misspelt key",
    talos("kubeproxy: false"),
    "cluster.yaml:32: talos.kubeproxy is not a known key; did you mean kube_proxy?",
  ],
  [
    "TPM keys without Secure Boot",
    talos("disk_encryption_key: tpm").replace("    vm_id: 101\n", "    vm_id: 101\n    encrypt_disk: true\n"),
    "cluster.yaml:11: nodes[0].encrypt_disk true needs secureboot: true with talos.disk_encryption_key tpm; set it, or use node-id",
  ],
  [
    "TPM keys of one node without Secure Boot, and the key of a disk that is not encrypted",
    talos()
      .replace(
        "    vm_id: 101\n",
        "    vm_id: 101\n    encrypt_disk: true\n    talos: { disk_encryption_key: tpm }\n",
      )
      .replace("    vm_id: 102\n", "    vm_id: 102\n    talos: { disk_encryption_key: tpm }\n"),
    "cluster.yaml:11: nodes[0].encrypt_disk true needs secureboot: true with talos.disk_encryption_key tpm; set it, or use node-id",
    "cluster.yaml:19: nodes[1].talos.disk_encryption_key tpm has no effect without encrypt_disk: true; set it, or remove this one",
  ],
  [
    "keys of Talos without talos",
    edit(
      append(
        "    talos: { labels: { a: b } }",
        "    data_disks: [{ slot: 1, size: 9, volume: data }]",
        "    networks: [{ addresses: [10.9.0.1/24], routes: [{ gateway: 10.9.0.2 }] }]",
      ),
    ),
    ...["talos", "data_disks[0].volume", "networks[0].addresses", "networks[0].routes"].map(
      (key, index) =>
        `cluster.yaml:${[30, 31, 32, 32][index]}: nodes[3].${key} has no effect without the key talos of the cluster; add it, or remove this one`,
    ),
  ],
  [
    "the adoption of a Talos that is not configured",
    edit(append("adopt: { talos: {} }")),
    "cluster.yaml:30: adopt.talos has no effect without the key talos of the cluster; add it, or remove this one",
  ],
];
test.each(REFUSED)("%s is refused", (_, text, ...problems) => {
  expect(problemsOf(text)).toEqual(problems);
});

describe("an encrypted disk has its key", () => {
  const node = (keys: string, ...more: string[]) =>
    parse(talos(...more).replace("    vm_id: 101\n", `    vm_id: 101\n${keys}`)).config.nodes[0];

  test("in a TPM that the VM is given, with Secure Boot", () => {
    const keys = "    encrypt_disk: true\n    secureboot: true\n";
    expect(node(keys)).toMatchObject({ diskEncryption: "tpm", tpm: true });
    expect(node(`${keys}    tpm: false\n`)).toMatchObject({ diskEncryption: "node-id", tpm: false });
    expect(node(keys, "disk_encryption_key: node-id")).toMatchObject({
      diskEncryption: "node-id",
      tpm: true,
    });
  });

  test("of its own, where the node names one: so that nodes are replaced one by one", () => {
    const keys =
      "    encrypt_disk: true\n    secureboot: true\n    talos: { disk_encryption_key: node-id }\n";
    expect(node(keys, "disk_encryption_key: tpm")).toMatchObject({ diskEncryption: "node-id", tpm: true });
    expect(node(keys.replace("node-id", "tpm"), "disk_encryption_key: node-id")).toMatchObject({
      diskEncryption: "tpm",
    });
    expect(node(keys)?.talos).not.toHaveProperty("disk_encryption_key");
  });

  test("made of the node's id without it", () => {
    expect(node("    encrypt_disk: true\n")).toMatchObject({ diskEncryption: "node-id", tpm: false });
    expect(node("")).toMatchObject({ diskEncryption: undefined, tpm: false });
  });
});

describe("patches", () => {
  const FILES: Record<string, string> = {
    "conf/all.yaml":
      "machine:\n  sysctls:\n    vm.nr_hugepages: 16\n---\napiVersion: v1alpha1\nkind: KmsgLogConfig\nname: x\nurl: tcp://1.2.3.4:3478/\n",
    "conf/gpu.yaml": "machine:\n  nodeLabels: { $patch: delete, gpu: 'true' }\n",
  };
  const load = (text: string, files = FILES) =>
    parseCluster({
      cluster: { file: "conf/cluster.yaml", bytes: Buffer.from(text) },
      readFile: (path) => {
        const found = files[path];
        if (found === undefined) throw new Error(`ENOENT: no such file, open '${path}'`);
        return Buffer.from(found);
      },
    });
  const problemsWith = (patch: string) =>
    problemsIn(() => load(talos("patches: [bad.yaml]"), { "conf/bad.yaml": patch }));

  test("are read from files beside the one that names them", () => {
    const { config } = load(`${talos("patches: [all.yaml]", "workers: { patches: [gpu.yaml] }")}`);
    expect(config.talos?.patches).toEqual([
      { machine: { sysctls: { "vm.nr_hugepages": 16 } } },
      { apiVersion: "v1alpha1", kind: "KmsgLogConfig", name: "x", url: "tcp://1.2.3.4:3478/" },
    ]);
    expect(config.talos?.workers.patches).toHaveLength(1);
    const ofNode = load(
      edit(append("    talos: { patches: [gpu.yaml] }", "talos: { kubernetes_version: v1.36.0 }")),
    );
    expect(ofNode.config.nodes[3]?.talos?.patches).toHaveLength(1);
  });

  test.each([
    [
      "machine:\n  kublet: {}\n",
      "conf/bad.yaml:2: machine.kublet is no key of Talos' machine config; did you mean kubelet?",
    ],
    [
      "machine:\n  kubelet:\n    nodeIP:\n      validSubnets: 10.0.0.0/8\n",
      "conf/bad.yaml:4: machine.kubelet.nodeIP.validSubnets is not a list; write it as [a, b] or with a - before each entry",
    ],
    [
      "cluster:\n  network:\n    cni: none\n",
      "conf/bad.yaml:3: cluster.network.cni is not a map; write its keys below it, indented",
    ],
    [
      "cluster:\n  proxy:\n    disabled: 'yes'\n",
      "conf/bad.yaml:3: cluster.proxy.disabled is not true or false; write one of them, without quotes",
    ],
    [
      "machine: {}\n---\napiVersion: v1alpha1\nkind: LinkConfg\nname: x\n",
      "conf/bad.yaml:4: kind LinkConfg is no document of Talos; did you mean LinkConfig?",
    ],
    [
      "apiVersion: v1alpha1\nkind: LinkConfig\nname: x\nadresses: []\n",
      "conf/bad.yaml:4: adresses is no key of Talos' machine config; did you mean addresses?",
    ],
    [
      "- op: add\n  path: /machine\n",
      "conf/bad.yaml:1: a patch is a map as in the machine config; start it with a key such as machine:",
    ],
    ["machine: [\n", expect.stringMatching(/^conf\/bad\.yaml:\d: not valid YAML: /)],
    ["# nothing\n", "conf/bad.yaml:1: the file has no patch in it; add one, or leave the file out"],
  ])("a mistake in one is told with its line: %j", (patch, problem) => {
    expect(problemsWith(patch)).toEqual([problem]);
  });

  test("a file that is missing is told where it is named", () => {
    expect(problemsIn(() => load(talos("patches: [no.yaml]")))).toEqual([
      "conf/cluster.yaml:32: talos.patches[0] no.yaml cannot be read (ENOENT); name a file, relative to this one",
    ]);
  });

  test("the network is not written twice, and no document is newer than Talos", () => {
    expect(problemsWith("machine:\n  network:\n    hostname: x\n")).toEqual([
      "conf/cluster.yaml:32: talos.patches has machine.network, but with config_contract v1.12 the network is in documents such as LinkConfig; use those",
    ]);
    const old = `talos_version: v1.12.4\n${talos("patches: [vrf.yaml]").replace("v1.36.0", "v1.35.0")}`;
    const vrf = "apiVersion: v1alpha1\nkind: VRFConfig\nname: x\n";
    expect(problemsIn(() => load(old, { "conf/vrf.yaml": vrf }))).toEqual([
      "conf/cluster.yaml:33: talos.patches has a VRFConfig, which came with Talos 1.13; leave it out with talos_version v1.12.4",
    ]);
  });
});

describe("a secret in a patch, where the secrets are out of the state", () => {
  const warningsOf = (patch: string, ...more: string[]) =>
    parseCluster({
      cluster: { file: "conf/cluster.yaml", bytes: Buffer.from(talos("patches: [p.yaml]", ...more)) },
      readFile: () => Buffer.from(patch),
    }).warnings.filter((each) => each.includes(" patches "));
  const AUTH = "machine: { registries: { config: { ghcr.io: { auth: { password: hunter2 } } } } }\n";

  test.each([
    ["machine.registries.config.ghcr.io.auth", AUTH],
    ["machine.token", "machine: { token: hunter2 }\n"],
    ["cluster.secretboxEncryptionSecret", "cluster: { secretboxEncryptionSecret: hunter2 }\n"],
    ["cluster.ca.key", "cluster: { ca: { crt: LS0t, key: hunter2 } }\n"],
    [
      "RegistryAuthConfig password",
      "kind: RegistryAuthConfig\nname: ghcr.io\nusername: me\npassword: hunter2\n",
    ],
    [
      "WireguardConfig privateKey, WireguardConfig peers.presharedKey",
      "kind: WireguardConfig\nname: wg0\nprivateKey: hunter2\npeers: [{ publicKey: a, presharedKey: hunter2 }]\n",
    ],
    [
      "VolumeConfig encryption.keys.static.passphrase",
      "kind: VolumeConfig\nname: STATE\nencryption: { provider: luks2, keys: [{ slot: 0, static: { passphrase: hunter2 } }] }\n",
    ],
    [
      "ExtensionServiceConfig environment.TS_AUTHKEY",
      "kind: ExtensionServiceConfig\nname: tailscale\nenvironment: [TS_AUTHKEY=hunter2, TS_ROUTES=10.0.0.0/8]\n",
    ],
    ["machine.env.HTTP_TOKEN", "machine: { env: { HTTP_TOKEN: hunter2, GRPC_GO_LOG: info } }\n"],
  ])("%s is told of, without its value", (key, patch) => {
    const warnings = warningsOf(patch, "secrets: out-of-state");
    expect(warnings).toEqual([
      expect.stringContaining(
        `conf/cluster.yaml:32: talos.patches has ${key}: with secrets: out-of-state, patches`,
      ),
    ]);
    expect(warnings.join()).not.toContain("hunter2");
  });

  test.each([
    ["what is none", "machine: { nodeTaints: { key: NoSchedule }, sysctls: { kernel.keys.maxkeys: '1' } }\n"],
    ["what is deleted", "machine: { registries: { config: { ghcr.io: { auth: { $patch: delete } } } } }\n"],
  ])("%s is not", (_, patch) => {
    expect(warningsOf(patch, "secrets: out-of-state")).toEqual([]);
  });

  test("in an encrypted state, it is with the others", () => {
    expect(warningsOf(AUTH)).toEqual([]);
  });
});
