/** Whether this process may write colours: where both streams are a terminal, unless NO_COLOR is set (https://no-color.org). */
export const hasColours = (): boolean =>
  Boolean(process.stdout.isTTY && process.stderr.isTTY) && !process.env.NO_COLOR;

/**
 * What tells cdktf and OpenTofu, neither of which reads NO_COLOR, to write no colours, and cdktf to draw nothing where there is
 * no terminal to redraw it on.
 * @param env the environment that they get
 */
export function withoutColours(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (hasColours()) return {};
  const args = env.TF_CLI_ARGS ?? "";
  return {
    FORCE_COLOR: "0",
    NO_COLOR: "1",
    TF_CLI_ARGS: args.includes("-no-color") ? args : `${args} -no-color`.trim(),
    ...(!process.stdout.isTTY && { CI: "true" }),
  };
}
