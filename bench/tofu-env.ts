import type { Toolchain } from "../toolchain";

/** What the user's shell has set must not decide how much there is to do: only this reaches a measured program. */
export function cleanEnv(): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  return { PATH, HOME };
}

/** The environment of a measured OpenTofu: of the user's own only the CLI configuration, which says where providers are. */
export const tofuEnv = ({ env }: Pick<Toolchain, "env">): NodeJS.ProcessEnv => ({
  ...cleanEnv(),
  TF_CLI_CONFIG_FILE: process.env.TF_CLI_CONFIG_FILE,
  CHECKPOINT_DISABLE: "1",
  ...env,
  TF_IN_AUTOMATION: "1",
});
