// `eval "$(npm run -s toolchain)"` sets the variables of a shell for `npx cdktf` and `tofu`.

import { exportLine } from "../process/export-line";
import { resolveTalosctl, resolveToolchain } from "../toolchain";

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

main().catch((error: Error) => {
  process.stderr.write(`${error.name === "AbortError" ? "stopped" : error.message}\n`);
  process.exitCode = 1;
});
