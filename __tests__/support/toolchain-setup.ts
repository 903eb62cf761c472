import { resolveToolchain } from "../../toolchain";

/** Puts OpenTofu and the providers into the environment that the e2e tests inherit. */
export default async function setup(): Promise<void> {
  const report = (line: string) => process.stderr.write(`${line}\n`);
  const { env } = await resolveToolchain({ report, cloudflare: "local", talos: "local" });
  Object.assign(process.env, env);
}
