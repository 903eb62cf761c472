import type { Toolchain } from "../toolchain";

/** The environment of a measured program. Other variables of the user's shell could change how much it does. */
export function cleanEnv(): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  return { PATH, HOME };
}

/** The environment of a measured OpenTofu, with the user's CLI configuration, which says where providers come from. */
export const tofuEnv = ({ env }: Pick<Toolchain, "env">): NodeJS.ProcessEnv => ({
  ...cleanEnv(),
  TF_CLI_CONFIG_FILE: process.env.TF_CLI_CONFIG_FILE,
  CHECKPOINT_DISABLE: "1",
  ...env,
  TF_IN_AUTOMATION: "1",
});
