import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { version as cdktf } from "cdktf/package.json";
import { Command } from "commander";
import { resolveToolchain } from "../toolchain";
import { PROXMOX_PROVIDER } from "../toolchain/versions";
import { positiveNumber } from "./options";
import { benchPlan } from "./plan";
import { report } from "./report";
import { benchSynth } from "./synth";

/* `npm run bench [-- --write]`: how long a synth and a plan take, compared with a bare app and with hand-written HCL. */

async function main(argv: readonly string[]): Promise<void> {
  const program = new Command("npm run bench --")
    .description("measures synthesis and plan, and prints the table of docs/benchmarks.md")
    .option("-r, --rounds <number>", "rounds that count", positiveNumber, 9)
    .option("-w, --write", "also write docs/benchmarks.md", false)
    .allowExcessArguments(false);
  const { rounds, write } = program.parse(argv).opts<{ rounds: number; write: boolean }>();

  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  try {
    const toolchain = await resolveToolchain({ report: (line) => process.stderr.write(`${line}\n`) });
    const synth = await benchSynth(folder, rounds);
    const plan = await benchPlan(folder, rounds, toolchain);
    const text = report({
      command: ["npm run bench", ...(argv.length > 2 ? ["--", ...argv.slice(2)] : [])].join(" "),
      rounds,
      versions: [
        `Node ${process.version}`,
        `cdktf ${cdktf}`,
        `OpenTofu ${toolchain.version}`,
        `${PROXMOX_PROVIDER.source} ${PROXMOX_PROVIDER.version}`,
      ],
      synth: synth.section,
      plan: plan.section,
      aims: [...synth.aims, ...plan.aims],
    });
    if (write) writeFileSync(join(__dirname, "../docs/benchmarks.md"), text);
    process.stdout.write(text);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main(process.argv).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
