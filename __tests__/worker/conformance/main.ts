import { Command, Option } from "commander";
import { closeConnections } from "./client";
import { suite } from "./suite";

interface Options {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly core?: boolean;
  readonly only?: string;
}

/** Not as a default value: the help would print it. */
const fromEnv = (flags: string, description: string, variable: string): Option =>
  new Option(flags, description).env(variable).makeOptionMandatory();

/** Runs the suite against any backend that speaks the HTTP backend's protocol. */
async function main(): Promise<void> {
  const options = new Command("conformance")
    .description(
      "check a Terraform HTTP state backend; it writes states named conformance-… and nothing else",
    )
    .requiredOption("--url <url>", "address in front of /states, such as https://tfstate.example.com/tfstate")
    .addOption(fromEnv("--username <name>", "Basic user name", "TFSTATE_USERNAME"))
    .addOption(fromEnv("--password <password>", "Basic password", "TFSTATE_PASSWORD"))
    .option("--core", "leave out what only the tfstate Worker has: history, overrides, freeze, audit")
    .option("--only <text>", "cases whose name holds this text")
    .parse()
    .opts<Options>();
  const target = { ...options, url: options.url.replace(/\/+$/, "") };
  let failed = 0;
  let passed = 0;
  for (const [subject, cases] of Object.entries(suite)) {
    for (const { name, extension, run } of cases) {
      if ((options.core && extension) || (options.only && !name.includes(options.only))) continue;
      try {
        await run(target);
        passed++;
        console.log(`ok      ${subject}: ${name}`);
      } catch (error) {
        failed++;
        console.log(
          `FAILED  ${subject}: ${name}\n        ${error instanceof Error ? error.message.replaceAll("\n", "\n        ") : error}`,
        );
      }
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

main()
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  })
  .finally(closeConnections);
