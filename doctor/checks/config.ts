import type { Check } from "../check";
import { pass, warn } from "../line";

export const configCheck: Check = {
  name: "config",
  about: "cluster.yaml and what it warns of",
  async run({ cluster: { config, clusterFile, warnings } }) {
    return [
      pass(`${clusterFile}: cluster ${config.clusterName}, ${config.nodes.length} nodes`),
      ...warnings.map((text) => warn(text, "docs/configuration.md describes the keys")),
    ];
  },
};
