import { Argument, Command } from "commander";
import { loadFromEnv } from "../config";
import {
  CHECKS,
  exitCodeOf,
  ProxmoxReadings,
  probe,
  reportOf,
  runChecks,
  type Site,
  StateReadings,
  textOf,
} from "../doctor";
import { apiOptionsFrom, ProxmoxApi } from "../proxmox/api";
import { loadProject } from "../state/project";
import { lookForOpenTofu, lookForTalosctl } from "../toolchain";
import { findProgram } from "../toolchain/context";
import { CLUSTER_OPTION, chooseCluster } from "./choose-cluster";
import { loadSecrets } from "./load-secrets";
import { run } from "./run";

/* `npm run doctor [-- --json] [CHECK…]`: whether everything is there that a deploy needs. */

/** One check should not keep the others waiting for long. */
const PROXMOX_TIMEOUT_MS = 10_000;

const names = CHECKS.map(({ name }) => name);
const program = new Command()
  .description("check everything that a deploy needs; changes nothing")
  .addArgument(new Argument("[check...]", "only these").choices(names))
  .option(...CLUSTER_OPTION)
  .option("--json", "print one JSON document instead of lines")
  .addHelpText(
    "after",
    `\nchecks:\n${CHECKS.map(({ name, about }) => `  ${name.padEnd(14)} ${about}`).join("\n")}\n` +
      "\nexit codes: 0 everything passes, 1 something fails, 2 something warns\n" +
      "environment: as for a deploy; TALOSCONFIG and KUBECONFIG for the check cluster",
  );

async function main(env: NodeJS.ProcessEnv): Promise<void> {
  program.parse();
  const [chosen = []] = program.processedArgs as [string[]?];
  const { json, cluster } = program.opts<{ json?: boolean; cluster?: string }>();
  chooseCluster(cluster, env);
  await loadSecrets(env, { optional: true });

  const checks = CHECKS.filter(({ name }) => chosen.length === 0 || chosen.includes(name));
  const onWaiting = (waiting: readonly string[]) => console.error(`still checking: ${waiting.join(", ")}`);
  const report = reportOf(await runChecks({ checks, site: siteOf(env), onWaiting }));
  console.log(json ? JSON.stringify(report, null, 2) : textOf(report, hasColours(env)));
  process.exitCode = exitCodeOf(report);
}

/** @throws ConfigError */
function siteOf(env: NodeJS.ProcessEnv): Site {
  const cluster = loadFromEnv({ env });
  const project = loadProject(env, process.cwd());
  const open = () =>
    new ProxmoxApi({ ...apiOptionsFrom(env, cluster.config.proxmox), timeoutMs: PROXMOX_TIMEOUT_MS });
  return {
    cluster,
    project,
    env,
    proxmox: new ProxmoxReadings(open),
    state: new StateReadings(project),
    tools: {
      openTofu: () => lookForOpenTofu({ env }),
      talosctl: () => lookForTalosctl({ env }),
      kubectl: () => findProgram("kubectl", env),
    },
    probe,
    factoryUrl: "https://factory.talos.dev",
    now: () => new Date(),
    nodeVersion: process.version,
  };
}

const hasColours = ({ NO_COLOR }: NodeJS.ProcessEnv) => process.stdout.isTTY === true && !NO_COLOR;

run("doctor", program, () => main(process.env));
