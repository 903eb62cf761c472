// `eval "$(npm run -s toolchain)"` sets the variables of a shell for `npx cdktf` and `tofu`.
import { Command } from "commander";
import { exportLine } from "../process/export-line";
import { resolveTalosctl, resolveToolchain } from "../toolchain";
import { run } from "./run";

async function main(): Promise<void> {
  const report = (line: string) => process.stderr.write(`${line}\n`);
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, () => stop.abort());
  const { env, summary } = await resolveToolchain({ report, signal: stop.signal });
  summary.forEach(report);
  // Written before talosctl is made: who has none can still plan and deploy.
  for (const [name, value] of Object.entries(env)) {
    process.stdout.write(`${exportLine(name, value)}\n`);
  }
  const talosctl = await resolveTalosctl({ report, signal: stop.signal });
  report(`talosctl ${talosctl.version}: ${talosctl.path} (${talosctl.origin})`);
  process.stdout.write(`${exportLine("TALOSCTL", talosctl.path)}\n`);
}

run(
  "toolchain",
  new Command()
    .description(
      "find, download or build OpenTofu, its providers and talosctl; print the variables for a shell",
    )
    .addHelpText("after", "\nexit codes: 0 all of them are available, 1 one of them cannot be provided")
    .action(main),
);
