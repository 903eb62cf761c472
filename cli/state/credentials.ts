import { appendFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { exportLine } from "../../process/export-line";
import { waiting } from "../../process/waiting";
import { mintCredentials, parseTtl, type TemporaryCredentials } from "../../state/credentials";
import { StateError } from "../../state/errors";
import { loadProject } from "../../state/project";
import type { StateSelection } from "../../state/stack-store";
import { stackOption } from "./options";

interface CredentialsOptions extends Pick<StateSelection, "stack"> {
  readonly ttl: string;
  readonly readOnly?: boolean;
  readonly format: "export" | "json" | "github";
}

export function addCredentialsCommand(program: Command): void {
  program
    .command("credentials")
    .description("create R2 credentials that expire, for the states and their locks only")
    .option("--ttl <time>", "how long they work: 30m, 1h, at most 7d", "1h")
    .option("--read-only", "only for reading; they cannot take a lock, so plan with -lock=false")
    .addOption(stackOption())
    .addOption(
      new Option("--format <format>", "export for a shell, json, or github for the later steps of a job")
        .choices(["export", "json", "github"])
        .default("export"),
    )
    .action(credentials);
}

async function credentials({ ttl, format, readOnly = false, stack }: CredentialsOptions): Promise<void> {
  const project = loadProject(process.env, process.cwd());
  const ttlSeconds = parseTtl(ttl);
  const minted = await waiting("asking Cloudflare for credentials", () =>
    mintCredentials(project, { stack, readOnly, ttlSeconds }),
  );
  switch (format) {
    case "export":
      for (const [name, value] of Object.entries(minted)) console.log(exportLine(name, value));
      break;
    case "json":
      console.log(JSON.stringify(minted));
      break;
    case "github":
      giveToJob(minted);
  }
}

/** Sets the variables for the later steps of a job of GitHub Actions, and masks their values in its log. */
function giveToJob(minted: TemporaryCredentials): void {
  const file = process.env.GITHUB_ENV;
  if (!file) {
    throw new StateError(
      "GITHUB_ENV is not set: this is not a job of GitHub Actions",
      "use another --format",
    );
  }
  const pairs = Object.entries(minted);
  for (const [, value] of pairs) console.log(`::add-mask::${value}`);
  appendFileSync(file, pairs.map(([name, value]) => `${name}=${value}\n`).join(""));
}
