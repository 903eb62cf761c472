import { resolveToolchain } from "../../local/toolchain";

/** Puts OpenTofu and the providers into the environment that the e2e tests inherit. */
export default async function setup(): Promise<void> {
  const { env } = await resolveToolchain({ report: (line) => process.stderr.write(`${line}\n`) });
  Object.assign(process.env, env);
}
