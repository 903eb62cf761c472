import { minorOf } from "../../domain/talos-versions";
import type { Check } from "../check";
import { fail, pass, warn } from "../line";

/** As with Talos itself: a client speaks to nodes of its own minor version and older ones. */
export const talosctlCheck: Check = {
  name: "talosctl",
  about: "talosctl, and whether it is new enough for talos_version",
  async run({ tools, cluster: { config } }) {
    const found = await tools.talosctl();
    if (!found)
      return [
        warn(
          "talosctl is not installed; the first command that needs it downloads or builds it",
          "npm run toolchain",
        ),
      ];
    const text = `talosctl ${found.version}: ${found.path} (${found.origin})`;
    if (minorOf(found.version) >= minorOf(config.talosVersion)) return [pass(text)];
    return [
      fail(
        `${text} is older than talos_version ${config.talosVersion}`,
        `install talosctl ${config.talosVersion}, or unset TALOSCTL`,
      ),
    ];
  },
};
