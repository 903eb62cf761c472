// `npm run health [-- --json]`: whether the nodes, etcd, the certificates and Kubernetes are as they should be.
import { findingsOf } from "../talos/health/findings";
import { readHealth } from "../talos/health/reading";
import { healthJson, healthText } from "../talos/health/report";
import { runTalosProgram, type TalosOptions, talosProgram } from "./talos-command";

/** As with `npm run drift`, 1 is an error and 2 is a difference from what should be. */
const EXIT = { healthy: 0, findings: 2 } as const;

interface HealthOptions extends TalosOptions {
  readonly json?: boolean;
  readonly kubernetes: boolean;
}

const program = talosProgram(
  "health",
  "check the health of the cluster: nodes, services, etcd, certificates, versions, pending reboots, Kubernetes. " +
    "it changes nothing",
  "0 healthy; 1 health cannot be read; 2 there are errors or warnings",
)
  .option("--json", "print one JSON document")
  .option("--no-kubernetes", "ask Talos only");

runTalosProgram<HealthOptions>("health", program, async (cluster, options) => {
  const reading = await readHealth(cluster, options);
  const now = new Date();
  const findings = findingsOf(reading, cluster.config.talos?.kubernetesVersion, now);
  if (options.json) console.log(JSON.stringify(healthJson(reading, findings, now), null, 2));
  else console.log(healthText(reading, findings, now));
  return findings.length > 0 ? EXIT.findings : EXIT.healthy;
});
