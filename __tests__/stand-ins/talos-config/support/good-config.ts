import { checkTalosConfigs, type GenerateInput } from "../../../../stand-ins/talos-config";

/** The input of a configuration that every version takes. */
export const goodInput: GenerateInput = {
  clusterName: "lab",
  clusterEndpoint: "https://127.0.0.10:6443",
  machineType: "controlplane",
  talosVersion: "v1.12",
  kubernetesVersion: "1.34.1",
};

export async function goodConfig(): Promise<string> {
  const [verdict] = await checkTalosConfigs([{ name: "good", mode: "metal", generate: goodInput }]);
  return verdict?.config ?? "";
}
