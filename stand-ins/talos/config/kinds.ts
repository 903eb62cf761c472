import { documentSince, documentType } from "../../../config/machine-config-types";
import { type ConfigDocument, MAIN_KIND, MachineConfigError } from "./documents";

/** Kinds that the schemas of Talos do not have, with the minor version of Talos that they came with. */
const WITHOUT_SCHEMA: Readonly<Record<string, number>> = {
  KubeSpanEndpointsConfig: 5,
  ImageVerificationConfig: 13,
  // 1.14, as far as its library is published.
  DiscoveryServiceConfig: 14,
  FilesystemTrimConfig: 14,
  HTTPProbeConfig: 14,
  LVMLogicalVolumeConfig: 14,
  LVMVolumeGroupConfig: 14,
  SysctlConfig: 14,
  SysfsConfig: 14,
};

/**
 * Checks that a version of Talos has all the kinds of documents in a configuration.
 * @param version `v1.13.0`
 * @throws MachineConfigError
 */
export function requireKnownKinds(documents: readonly ConfigDocument[], version: string): void {
  const minor = Number(version.split(".")[1]);
  for (const { kind, name, lineOf } of documents) {
    if (kind === MAIN_KIND) continue;
    const known = documentType(kind).kinds.includes(kind);
    const since = WITHOUT_SCHEMA[kind] ?? (known ? documentSince(kind) : Number.POSITIVE_INFINITY);
    if (since > minor) {
      throw new MachineConfigError(
        `error decoding document v1alpha1/${kind}/${name} (line ${lineOf([])}): "${kind}" "v1alpha1": not registered`,
      );
    }
  }
}
