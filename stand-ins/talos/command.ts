import { type Command, InvalidArgumentError } from "commander";
import { SCHEMATIC_ID } from "../../domain/schematic";
import { parsePort, parseTimeScale, serveUntilSignal } from "../command-line";
import { kubernetesPrograms } from "../kubernetes/programs";
import { configCheck } from "../talos-config";
import { startTalos, type TalosNodeOptions } from ".";
import { serveControl } from "./control/http";
import type { Platform } from "./model";
import { toNodes } from "./nodes-option";

interface TalosCommandOptions {
  readonly port: number;
  readonly nodes?: readonly TalosNodeOptions[];
  readonly oneAddress: boolean;
  readonly kubernetes: boolean;
  readonly folder?: string;
  readonly talosVersion?: string;
  readonly schematic?: string;
  readonly platform?: Platform;
  readonly timeScale: number;
}

/** Adds the command `talos` to `npm run local`. */
export function addTalosCommand(program: Command): void {
  program
    .command("talos")
    .description(
      "a stand-in for Talos nodes; prints their addresses as one line of JSON, ends on SIGTERM or Ctrl-C",
    )
    .option("--port <number>", "port of the nodes, 0 for a free one", parsePort, 0)
    .option("--nodes <nodes>", "how many, or their names: cp-1,cp-2=10.20.1.12 (default: 3)", toNodes)
    .option(
      "--one-address",
      "all nodes on 127.0.0.1, on consecutive ports (default: 127.0.0.2, 127.0.0.3 …)",
      false,
    )
    .option("--kubernetes", "with a real Kubernetes API for each cluster", false)
    .option("--folder <folder>", "keep the nodes in this folder (default: in memory)")
    .option("--talos-version <version>", "the Talos version on their boot medium (default: v1.13.0)")
    .option(
      "--schematic <id>",
      "the schematic of their boot medium (default: that of no extensions)",
      toSchematic,
    )
    .option("--platform <platform>", "metal or nocloud (default: metal)", toPlatform)
    .option(
      "--time-scale <factor>",
      "how long boots take: 0 at once, 1 as a virtual machine",
      parseTimeScale,
      0,
    )
    .action(async ({ talosVersion, schematic, ...options }: TalosCommandOptions) => {
      const onCall = (line: string) => process.stderr.write(`${line}\n`);
      const checkConfig = configCheck();
      const kubernetes = options.kubernetes
        ? { programs: await kubernetesPrograms({ report: onCall }) }
        : undefined;
      const medium = { mediumVersion: talosVersion, mediumSchematic: schematic };
      const talos = await startTalos({ ...options, ...medium, kubernetes, onCall, checkConfig });
      const control = await serveControl(talos.control);
      const { nodes } = talos;
      const api = talos.kubernetes && { kubernetes: talos.kubernetes.endpoint };
      const ready = { nodes, ...api, control: { url: control.url, token: control.token } };
      await serveUntilSignal(ready, async () => {
        await control.close();
        await talos.stop();
      });
    });
}

function toSchematic(text: string): string {
  if (!SCHEMATIC_ID.regex.test(text)) throw new InvalidArgumentError(`"${text}" ${SCHEMATIC_ID.advice}.`);
  return text;
}

function toPlatform(text: string): Platform {
  if (text !== "metal" && text !== "nocloud")
    throw new InvalidArgumentError(`"${text}" is neither metal nor nocloud.`);
  return text;
}
