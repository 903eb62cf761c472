import { platform, type ToolchainContext } from "./context";
import type { Program, ProgramPin } from "./program";
import { listedChecksum } from "./release";
import { TALOSCTL, TALOSCTL_MINIMUM } from "./versions";

export type Talosctl = Program;

const releases = (context: ToolchainContext) => context.talosReleases;

export const TALOSCTL_PIN: ProgramPin = {
  ...TALOSCTL,
  name: "talosctl",
  variable: "TALOSCTL",
  minimum: TALOSCTL_MINIMUM,
  versionArgs: ["version", "--client", "--short"],
  versionPattern: /\bTalos v(\d+\.\d+\.\d+\S*)/,
  site: "https://docs.siderolabs.com/talos",
  buildTime: "5 to 10 minutes",
  releases,
  release: async (context) => {
    const folder = `${releases(context)}/v${TALOSCTL.version}`;
    const file = `talosctl-${platform().replace("_", "-")}`;
    return { url: `${folder}/${file}`, sha256: await listedChecksum(`${folder}/sha256sum.txt`, file) };
  },
};
