import type { Check } from "../check";
import { fail, pass } from "../line";

/** cdktf-cli wants 20.9, and has no terminal library for 24 and newer. */
const OLDEST = [20, 9] as const;
const NEWEST = 22;

export const nodeCheck: Check = {
  name: "node",
  about: "the version of Node",
  async run({ nodeVersion }) {
    const [major = 0, minor = 0] = nodeVersion.replace(/^v/, "").split(".").map(Number);
    const isOldEnough = major <= NEWEST;
    const isNewEnough = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
    if (isOldEnough && isNewEnough) return [pass(`Node ${nodeVersion}`)];
    return [
      fail(
        `Node ${nodeVersion} does not run cdktf, which wants ${OLDEST.join(".")} to ${NEWEST}`,
        `install Node ${NEWEST}`,
      ),
    ];
  },
};
