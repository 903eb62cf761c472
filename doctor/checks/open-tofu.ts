import type { Check } from "../check";
import { pass, warn } from "../line";

export const openTofuCheck: Check = {
  name: "opentofu",
  about: "OpenTofu, its version and where it is from",
  async run({ tools }) {
    const found = await tools.openTofu();
    if (found) return [pass(`OpenTofu ${found.version}: ${found.path} (${found.origin})`)];
    return [
      warn(
        "OpenTofu is not installed; the first plan downloads or builds it, which takes minutes",
        "npm run toolchain",
      ),
    ];
  },
};
