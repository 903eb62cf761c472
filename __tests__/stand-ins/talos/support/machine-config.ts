import { stringify } from "yaml";
import { VANILLA_SCHEMATIC_ID } from "../../../../domain/schematic";
import type { ClusterSecrets } from "./secrets";

/** Of the schematic of no extensions, without its version. */
export const FACTORY_INSTALLER = `factory.talos.dev/metal-installer/${VANILLA_SCHEMATIC_ID}`;

const base64 = (text: string) => Buffer.from(text).toString("base64");

/** The main document of a machine configuration, as the provider generates it for 1.13. */
export function mainDocument(secrets: ClusterSecrets, type: "controlplane" | "worker") {
  const { os, kubernetes, etcd, serviceAccountKey, token } = secrets;
  const key = (pem: string) => (type === "controlplane" ? base64(pem) : "");
  return {
    version: "v1alpha1",
    debug: false,
    persist: true,
    machine: {
      type,
      token,
      ca: { crt: base64(os.crt), key: key(os.key) },
      certSANs: [] as string[],
      kubelet: { image: "ghcr.io/siderolabs/kubelet:v1.35.0" },
      install: { disk: "/dev/sda", image: `${FACTORY_INSTALLER}:v1.13.2`, wipe: false },
      sysctls: {} as Record<string, string>,
      files: [] as object[],
    },
    cluster: {
      id: "id",
      controlPlane: { endpoint: "https://10.20.1.5:6443" },
      clusterName: "test",
      token,
      ca: { crt: base64(kubernetes.crt), key: key(kubernetes.key) },
      ...(type === "controlplane" && {
        serviceAccount: { key: base64(serviceAccountKey) },
        etcd: { ca: { crt: base64(etcd.crt), key: base64(etcd.key) } },
      }),
    },
  };
}

export type MainDocument = ReturnType<typeof mainDocument>;

/** @param change may do anything to the main document before it is written */
export function machineConfig(
  secrets: ClusterSecrets,
  type: "controlplane" | "worker",
  { hostname, change }: { hostname?: string; change?: (main: MainDocument) => void } = {},
): string {
  const main = mainDocument(secrets, type);
  change?.(main);
  const documents: object[] = [main];
  if (hostname) documents.push({ apiVersion: "v1alpha1", kind: "HostnameConfig", hostname, auto: "off" });
  return documents.map((document) => stringify(document)).join("---\n");
}
