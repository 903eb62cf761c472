import { z } from "zod";

/** A node accepts any scalar where it expects a string. */
const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
/** A node also accepts the booleans of YAML 1.1, such as `yes` and `off`. */
const flag = z.union([z.boolean(), z.stringbool({ truthy: ["yes", "on", "y"], falsy: ["no", "off", "n"] })]);
const texts = z.array(text);
const textMap = z.record(z.string(), text);
/** A section that this stand-in does not look into. */
const section = z.record(z.string(), z.unknown());
const sections = z.array(section);

const base64 = z.base64({ error: "is no base64" });
const certificate = z.strictObject({ crt: base64 });
const certificateAndKey = z.strictObject({ crt: base64.optional(), key: base64.optional() });

const install = z.strictObject({
  disk: text.optional(),
  diskSelector: section.optional(),
  extraKernelArgs: texts.optional(),
  image: text.optional(),
  extensions: sections.optional(),
  bootloader: flag.optional(),
  wipe: flag.optional(),
  legacyBIOSSupport: flag.optional(),
  grubUseUKICmdline: flag.optional(),
});

const networkInterface = z.looseObject({
  interface: text.optional(),
  addresses: texts.optional(),
  dhcp: flag.optional(),
  vip: section.optional(),
  vlans: z.array(z.looseObject({ addresses: texts.optional(), vip: section.optional() })).optional(),
});

const network = z.strictObject({
  hostname: text.optional(),
  interfaces: z.array(networkInterface).optional(),
  nameservers: texts.optional(),
  searchDomains: texts.optional(),
  extraHostEntries: sections.optional(),
  kubespan: section.optional(),
  disableSearchDomain: flag.optional(),
});

const features = z.strictObject({
  rbac: flag.optional(),
  stableHostname: flag.optional(),
  kubernetesTalosAPIAccess: section.optional(),
  apidCheckExtKeyUsage: flag.optional(),
  diskQuotaSupport: flag.optional(),
  kubePrism: section.optional(),
  hostDNS: section.optional(),
  imageCache: section.optional(),
  nodeAddressSortAlgorithm: text.optional(),
});

const machine = z.strictObject({
  type: text.optional(),
  token: text.optional(),
  ca: certificateAndKey.optional(),
  acceptedCAs: z.array(certificate).optional(),
  certSANs: texts.optional(),
  controlPlane: section.optional(),
  kubelet: z.looseObject({ image: text.optional(), extraMounts: sections.optional() }).optional(),
  pods: sections.optional(),
  network: network.optional(),
  disks: sections.optional(),
  install: install.optional(),
  files: sections.optional(),
  env: textMap.optional(),
  time: section.optional(),
  sysctls: textMap.optional(),
  sysfs: textMap.optional(),
  registries: section.optional(),
  systemDiskEncryption: section.optional(),
  features: features.optional(),
  udev: section.optional(),
  logging: section.optional(),
  kernel: section.optional(),
  seccompProfiles: sections.optional(),
  baseRuntimeSpecOverrides: section.optional(),
  nodeLabels: textMap.optional(),
  nodeAnnotations: textMap.optional(),
  nodeTaints: textMap.optional(),
});

const component = z.looseObject({ image: text.optional() });

const cluster = z.strictObject({
  id: text.optional(),
  secret: text.optional(),
  controlPlane: z
    .strictObject({ endpoint: text.optional(), localAPIServerPort: z.int().optional() })
    .optional(),
  clusterName: text.optional(),
  network: z
    .strictObject({
      cni: z.looseObject({ name: text.optional(), urls: texts.optional() }).optional(),
      dnsDomain: text.optional(),
      podSubnets: texts.optional(),
      serviceSubnets: texts.optional(),
    })
    .optional(),
  token: text.optional(),
  aescbcEncryptionSecret: text.optional(),
  secretboxEncryptionSecret: text.optional(),
  ca: certificateAndKey.optional(),
  acceptedCAs: z.array(certificate).optional(),
  aggregatorCA: certificateAndKey.optional(),
  serviceAccount: z.strictObject({ key: base64.optional() }).optional(),
  apiServer: component.extend({ certSANs: texts.optional() }).optional(),
  controllerManager: component.optional(),
  proxy: component.extend({ disabled: flag.optional() }).optional(),
  scheduler: component.optional(),
  discovery: z.looseObject({ enabled: flag.optional() }).optional(),
  etcd: component.extend({ ca: certificateAndKey.optional() }).optional(),
  coreDNS: component.extend({ disabled: flag.optional() }).optional(),
  externalCloudProvider: section.optional(),
  extraManifests: texts.optional(),
  extraManifestHeaders: textMap.optional(),
  inlineManifests: z.array(z.looseObject({ name: text.optional(), contents: text.optional() })).optional(),
  adminKubeconfig: section.optional(),
  allowSchedulingOnMasters: flag.optional(),
  allowSchedulingOnControlPlanes: flag.optional(),
});

/**
 * The main document of a machine configuration. It has every key of Talos 1.13 down to the second level; below that, it
 * has the keys that `validate.ts` and this stand-in read.
 */
export const mainSchema = z.strictObject({
  version: text.optional(),
  debug: flag.optional(),
  persist: flag.optional(),
  machine: machine.optional(),
  cluster: cluster.optional(),
});

export type MainDocument = z.output<typeof mainSchema>;

/** The document `HostnameConfig`; `validate.ts` checks `auto` and `hostname` together. */
export const hostnameSchema = z.strictObject({
  apiVersion: text,
  kind: text,
  auto: text.optional(),
  hostname: text.optional(),
});

/** The documents of network links, from which the addresses of a node are read. */
export const linkSchema = z.looseObject({
  name: text.optional(),
  addresses: z.array(z.looseObject({ address: text })).optional(),
});
