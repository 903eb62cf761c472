/** Whether output of this process may have colours: on a terminal, unless NO_COLOR is set (https://no-color.org). */
export const hasColours = (): boolean => Boolean(process.stdout.isTTY) && !process.env.NO_COLOR;

/**
 * What tells cdktf and OpenTofu to write no colours; nothing where they may. Neither of them reads NO_COLOR.
 * @param env the environment that they get
 */
export function withoutColours(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (hasColours()) return {};
  return { FORCE_COLOR: "0", TF_CLI_ARGS: `${env.TF_CLI_ARGS ?? ""} -no-color`.trim() };
}
