import type { Check } from "../check";
import { fail, type Line, pass } from "../line";

/** Its API lacks privileges in older releases. */
const OLDEST_MAJOR = 9;

export const proxmoxCheck: Check = {
  name: "proxmox",
  about: "Proxmox VE: reachable with the token, its version, the hosts of the nodes",
  async run({ proxmox, cluster: { config } }) {
    const { version } = await proxmox.version();
    const lines: Line[] = [
      Number(version.split(".")[0]) >= OLDEST_MAJOR
        ? pass(`Proxmox VE ${version}`)
        : fail(
            `Proxmox VE ${version}: its API lacks privileges of version ${OLDEST_MAJOR}`,
            `upgrade it to ${OLDEST_MAJOR}`,
          ),
    ];
    const there = await proxmox.hosts();
    for (const host of new Set(config.nodes.map((node) => node.host))) {
      const found = there.find(({ node }) => node === host);
      if (found?.status === "online") continue;
      lines.push(
        found
          ? fail(`host ${host} is ${found.status}`, `start it, or plan without it: HOSTS_DOWN=${host}`)
          : fail(
              `there is no host ${host}, only ${there.map(({ node }) => node).join(", ")}`,
              "correct proxmox_node; upper and lower case differ",
            ),
      );
    }
    return lines;
  },
};
