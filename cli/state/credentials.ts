import { appendFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { stackNames, stateLocation } from "../../config/state-location";
import { mintCredentials, parseTtl, type TemporaryCredentials } from "../../state/credentials";
import { StateError } from "../../state/problem";
import { loadSetting } from "../../state/setting";
import { type Choice, stackOption } from "./options";

interface Options extends Choice {
  readonly ttl: string;
  readonly readOnly: boolean;
  readonly format: "export" | "json" | "github";
}

export function addCredentialsCommand(program: Command): void {
  program
    .command("credentials")
    .description("mint R2 credentials for some hours, for the states and their locks alone")
    .option("--ttl <time>", "how long they work: 30m, 1h, at most 7d", "1h")
    .option("--read-only", "no lock and no write: plan with -lock=false", false)
    .addOption(stackOption())
    .addOption(
      new Option("--format <format>", "export for a shell, json, or github for the steps after this one")
        .choices(["export", "json", "github"])
        .default("export"),
    )
    .action(async ({ ttl, readOnly, stack, format }: Options) => {
      const { config, folder, env } = loadSetting(process.env, process.cwd());
      const { accountId, jurisdiction } = config;
      if (!accountId)
        throw new StateError("the Cloudflare account is not known", "export CLOUDFLARE_ACCOUNT_ID");
      const places = (stack ? [stack] : stackNames).flatMap((each) => {
        const place = stateLocation({ ...config, backend: "r2" }, each, folder);
        return place.backend === "r2" ? [place] : [];
      });
      const ttlSeconds = parseTtl(ttl);
      print(await mintCredentials({ accountId, jurisdiction, places, ttlSeconds, readOnly }, env), format);
    });
}

function print(credentials: TemporaryCredentials, format: Options["format"]): void {
  const pairs = Object.entries(credentials);
  switch (format) {
    case "export":
      // What the API gives is letters and digits; whatever it is, the shell must not read it.
      for (const [name, value] of pairs) console.log(`export ${name}='${value.replaceAll("'", "'\\''")}'`);
      break;
    case "json":
      console.log(JSON.stringify(credentials));
      break;
    case "github": {
      const file = process.env.GITHUB_ENV;
      if (!file)
        throw new StateError(
          "GITHUB_ENV is not set: this is no job of GitHub Actions",
          "use another --format",
        );
      for (const [, value] of pairs) console.log(`::add-mask::${value}`);
      appendFileSync(file, pairs.map(([name, value]) => `${name}=${value}\n`).join(""));
      break;
    }
  }
}
