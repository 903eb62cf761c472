import { z } from "zod";
import { HOST_NAME } from "../../domain/host-name";
import { Address } from "../../domain/ip";
import { LABEL_KEY, LABEL_VALUE, TAINT } from "../../domain/kubernetes";
import {
  CILIUM_VERSION,
  CNIS,
  DISK_ENCRYPTION_KEYS,
  IMAGE_REFERENCE,
  REGISTRY,
  SYSCTL,
} from "../../domain/talos";
import { SECRETS_PLACES } from "../../domain/talos-secrets";
import { CONFIG_CONTRACTS, DEFAULT_CONFIG_CONTRACT, KUBERNETES_VERSION } from "../../domain/talos-versions";
import { apiEndpointProblem, registryUrlProblem } from "../../domain/url";
import { cidr, ipAddress, text, textWithout, wholeNumber } from "./values";

const patchFile = z.string().min(1);

/** What all nodes, those of a role, or one of them can have. */
const labels = z.record(text(LABEL_KEY), text(LABEL_VALUE));
const taints = z.array(text(TAINT));
const patches = z.array(patchFile);

const role = z.strictObject({
  labels: labels.default({}).describe("Labels of the nodes in Kubernetes."),
  taints: taints.default([]).describe("Taints, such as `dedicated=gpu:NoSchedule`."),
  patches: patches.default([]).describe("Files with patches, merged after those of all nodes."),
});

/** A static route. */
export const route = z.strictObject({
  destination: cidr.optional().describe("Network that it leads to. Default: everywhere, the default route."),
  gateway: ipAddress.meta({ description: "Address of the router.", examples: ["10.20.0.1"] }),
  metric: wholeNumber({ min: 0, max: 2 ** 32 - 1 })
    .optional()
    .describe("Lower wins. Default: chosen by Talos."),
});

/** The `talos` of a node. */
export const nodeTalos = z.strictObject({
  addresses: z
    .array(cidr)
    .default([])
    .describe("More static addresses of the first NIC with their prefix lengths, such as `fd00::11/64`."),
  routes: z.array(route).default([]).describe("More routes through the first NIC."),
  labels: labels.default({}).describe("Labels of the node, besides those of its role."),
  taints: taints.default([]).describe("Taints of the node, besides those of its role."),
  disk_encryption_key: z
    .enum(DISK_ENCRYPTION_KEYS)
    .optional()
    .describe(
      "Key of its `encrypt_disk`, where it is not that of the other nodes. Default: `talos.disk_encryption_key`.",
    ),
  patches: patches.default([]).describe("Files with patches, merged last."),
});

const cilium = z.strictObject({
  version: text(CILIUM_VERSION).meta({ description: "Release of Cilium.", examples: ["1.18.2"] }),
  cli_image: text(IMAGE_REFERENCE)
    .optional()
    .describe(
      "Image with the `cilium` command that installs it. Default: `quay.io/cilium/cilium-cli:v0.18.7`.",
    ),
  values: z.record(z.string(), z.json()).default({}).describe("Helm values, over those that Talos needs."),
});

const certSan = z
  .string()
  .refine(
    (value) => Address.isValid(value) || HOST_NAME.test(value.replace(/^\*\./, "")),
    "is not a host name or IP address; write it like k8s.example.com",
  );

/** `talos`: with it, the program configures Talos too. */
export const talos = z.strictObject({
  kubernetes_version: text(KUBERNETES_VERSION).meta({
    description:
      "Version of Kubernetes. `npm run upgrade-kubernetes` changes it, once the cluster has been upgraded.",
    examples: ["v1.36.0"],
  }),
  config_contract: z
    .enum(CONFIG_CONTRACTS)
    .default(DEFAULT_CONFIG_CONTRACT)
    .describe("Form of the machine configs: the version that the cluster was made with. It never changes."),
  endpoint: textWithout(apiEndpointProblem)
    .optional()
    .describe(
      "URL of the Kubernetes API, where it is not the virtual address. Default: `https://<cluster_api_addr>:6443`.",
    ),
  vip: z
    .boolean()
    .default(true)
    .describe("Whether the control planes announce `cluster_api_addr`; false if a load balancer has it."),
  cert_sans: z
    .array(certSan)
    .default([])
    .describe("More names and addresses in the certificates of the APIs."),
  cni: z.enum(CNIS).default("flannel").describe("What connects the pods; `none` leaves it to you."),
  cilium: cilium.optional().describe("Cilium, with `cni: cilium`."),
  kube_proxy: z.boolean().default(true).describe("Whether kube-proxy runs."),
  schedule_on_control_planes: z
    .boolean()
    .optional()
    .describe("Whether pods may run on control planes. Default: true if there are no workers."),
  node_subnets: z
    .array(cidr)
    .min(1)
    .optional()
    .describe("Networks of the addresses that kubelet and etcd use. Default: those of the first NICs."),
  disk_encryption_key: z
    .enum(DISK_ENCRYPTION_KEYS)
    .default("auto")
    .describe(
      "Key of `encrypt_disk`: sealed by the TPM, or made of the node's id. `auto` is `tpm` with Secure Boot.",
    ),
  sysctls: z.record(text(SYSCTL), z.string()).default({}).describe("Kernel parameters of all nodes."),
  registry_mirrors: z
    .record(text(REGISTRY), z.array(textWithout(registryUrlProblem)).min(1))
    .default({})
    .describe("URLs to pull images of a registry from, by its name, such as `docker.io`."),
  apply_mode: z
    .enum(["no_reboot", "staged"])
    .default("no_reboot")
    .describe("`no_reboot` refuses a change that needs a reboot; `staged` keeps it until the next reboot."),
  control_planes: role.prefault({}).describe("Only for control planes."),
  workers: role.prefault({}).describe("Only for workers."),
  patches: patches.default([]).describe("Files with patches for all nodes, relative to this file."),
  secrets: z
    .enum(SECRETS_PLACES)
    .default("in-state")
    .describe(
      "Where the secrets of the cluster are: in the state, or in `talos-secrets.sops.yaml` beside this file. `npm run secrets -- talos` moves them.",
    ),
  plaintext_secrets: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Why the secrets of the cluster may be in a state that is not encrypted. Default: then it is an error.",
    ),
});

export type TalosInput = z.output<typeof talos>;
export type NodeTalosInput = z.output<typeof nodeTalos>;
