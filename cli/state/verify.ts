import { type Command, InvalidArgumentError } from "commander";
import { waiting } from "../../process/waiting";
import { loadProject } from "../../state/project";
import { requireStores, type StateSelection } from "../../state/stack-store";
import { verify } from "../../state/verify";
import { atOption, stackOption } from "./options";

interface VerifyOptions extends StateSelection {
  readonly staleAfter: number;
}

export function addVerifyCommand(program: Command): void {
  program
    .command("verify")
    .description("check each state and its lock; the exit code is 1 where something is wrong")
    .addOption(stackOption())
    .addOption(atOption())
    .option("--stale-after <seconds>", "age from which a lock counts as left behind", readSeconds, 3600)
    .action(verifyAll);
}

async function verifyAll({ staleAfter, ...selection }: VerifyOptions): Promise<void> {
  const project = loadProject(process.env, process.cwd());
  const stores = await waiting("looking for states", () => requireStores(project, selection));
  for (const each of stores) {
    const props = { staleAfterSeconds: staleAfter, now: new Date() };
    const findings = await waiting(`checking ${each.store.address}`, () =>
      verify(each, project.config, props),
    );
    for (const { ok, text } of findings) {
      console.log(`${ok ? "ok    " : "WRONG "} ${text}`);
      if (!ok) process.exitCode = 1;
    }
  }
}

function readSeconds(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError(`"${text}" is not a number of seconds`);
}
