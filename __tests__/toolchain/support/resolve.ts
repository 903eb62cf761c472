// Resolves a toolchain in a process of its own, so that a test can end it: options as JSON in the first argument.
import { resolveToolchain } from "../../../toolchain";

const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
resolveToolchain({
  ...JSON.parse(process.argv[2] ?? "{}"),
  report: (line) => process.stdout.write(`${line}\n`),
  signal: stop.signal,
}).then(
  ({ tofu }) => process.stdout.write(`resolved ${tofu}\n`),
  (error: Error) => {
    process.stdout.write(`${error.name}: ${error.message}\n`);
    process.exitCode = 1;
  },
);
