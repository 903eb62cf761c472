import { existsSync } from "node:fs";
import type { ClusterConfig } from "../config";
import { displayPath } from "../process/display-path";
import { step } from "../process/step";
import { type RunningTalos, startTalos } from "../stand-ins/talos";

/** Starts a stand-in for each node. @returns what tells OpenTofu where they are */
export function standInNodes(
  { nodes, talosVersion, bootMode }: ClusterConfig,
  folder: string,
  atEnd: (stop: () => Promise<void>) => void,
): Promise<{ readonly talos: RunningTalos; readonly env: NodeJS.ProcessEnv }> {
  return step("Stand-in Talos", async ({ result }) => {
    const isNew = !existsSync(folder);
    const talos = await startTalos({
      nodes: nodes.map(({ name, address }) => ({ name, address })),
      folder,
      mediumVersion: talosVersion,
      platform: bootMode === "iso" ? "metal" : "nocloud",
      oneAddress: process.platform === "darwin",
    });
    atEnd(() => talos.stop());
    const known = talos.nodes.map(({ name }) => name);
    const missing = nodes.map(({ name }) => name).filter((name) => !known.includes(name));
    if (!isNew && missing.length > 0) {
      throw new Error(
        `there is no stand-in for ${missing.join(", ")}; delete ${displayPath(folder)} and what is beside it`,
      );
    }
    result(`${talos.nodes.length} nodes`);
    const endpoints = talos.nodes.map(({ name, endpoint }) => `${name}=${endpoint}`);
    return { talos, env: { TALOS_API_ENDPOINTS: endpoints.join(",") } };
  });
}
