import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { stopOnSignal } from "../../process/stop-on-signal";
import { resolveToolchain } from "../../toolchain";
import { wholeNumber } from "../options";
import type { Team } from "./estimate";
import { countR2, measuredR2 } from "./r2-usage";
import { type Backend, report, summaryOf } from "./report";
import { countWorker, measuredWorker } from "./worker-usage";

/* `npm run cost`: what a plan and an apply use of Cloudflare's free plan, and how large a team must be to pay. */

interface Options {
  readonly people: number;
  readonly plans: number;
  readonly applies: number;
  readonly states: number;
  readonly stateSize: number;
  readonly driftChecks: number;
  readonly years: number;
  readonly json: boolean;
  readonly write: boolean;
}

const PAGE = join(__dirname, "../../docs/cost.md");
const GENERATED = /(<!-- made by `npm run cost -- --write` -->\n)[\s\S]*(<!-- end -->)/;

/** @returns the exit code */
async function main(argv: readonly string[]): Promise<number> {
  const options = new Command("npm run cost --")
    .description("counts what real plans and applies use, and compares it with Cloudflare's free plan")
    .option("--people <number>", "people in the team", wholeNumber, 5)
    .option("--plans <number>", "plans of each person on a work day", wholeNumber, 20)
    .option("--applies <number>", "applies of each person on a work day", wholeNumber, 5)
    .option("--states <number>", "states", wholeNumber, 10)
    .option("--state-size <bytes>", "size of a state", wholeNumber, 100_000)
    .option("--drift-checks <number>", "scheduled plans of each state, every day", wholeNumber, 24)
    .option("--years <number>", "years for which the databases have grown", wholeNumber, 5)
    .option("--json", "print data instead of tables", false)
    .option("--write", "also write docs/cost.md", false)
    .allowExcessArguments(false)
    .parse(argv)
    .opts<Options>();
  const { stateSize: stateBytes, json, write, ...rest } = options;
  const team: Team = { ...rest, stateBytes };

  const say = (line: string) => process.stderr.write(`${line}\n`);
  const { signal, exitCode } = stopOnSignal();
  const folder = mkdtempSync(join(tmpdir(), "cost-"));
  try {
    const toolchain = await resolveToolchain({ report: say, signal });
    say("counting: the S3 backend");
    const r2 = measuredR2(await countR2({ toolchain, signal, folder: join(folder, "r2") }));
    say("counting: the Worker");
    const worker = measuredWorker(await countWorker({ toolchain, signal, folder: join(folder, "worker") }));
    const backends: readonly Backend[] = [
      { name: "r2: the S3 backend with its lock", measured: r2 },
      { name: "worker: the tfstate Worker", measured: worker },
    ];
    const text = report({ backends, team, version: toolchain.version });
    if (write) writePage(text);
    const data = () =>
      JSON.stringify({ team, backends: backends.map((each) => summaryOf(each, team)) }, null, 2);
    process.stdout.write(`${json ? data() : text}\n`);
    return 0;
  } catch (error) {
    if (!signal.aborted) throw error;
    return exitCode();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function writePage(text: string): void {
  const page = readFileSync(PAGE, "utf8");
  if (!GENERATED.test(page)) {
    throw new Error(
      `${PAGE} does not have the two comments that the numbers go between: ${GENERATED.source}`,
    );
  }
  writeFileSync(
    PAGE,
    page.replace(GENERATED, (_, start: string, end: string) => `${start}\n${text}\n\n${end}`),
  );
}

main(process.argv).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
