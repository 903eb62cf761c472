import { nodeOfResource } from "../domain/virtual-machine";

/** What Talos says to a config in mode `no_reboot`, as OpenTofu wraps it. */
const NEEDS_RESTART = /can't be applied in immediate mode/;
const APPLIED = /\btalos_machine_configuration_apply\.([A-Za-z0-9_-]+)/g;

/**
 * What to do where nodes have refused a config since they would have to restart.
 * @param errors what OpenTofu has written
 * @returns undefined if none has
 */
export function restartAdvice(errors: string): string | undefined {
  // A frame of │, colours and line breaks are anywhere in it.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours of a terminal
  const text = errors.replaceAll(/\u001b\[[\d;]*m|[│╷╵]/g, "");
  const nodes = text.split(/^\s*Error: /m).flatMap((error) => {
    if (!NEEDS_RESTART.test(error.replaceAll(/\s+/g, " "))) return [];
    return [...error.matchAll(APPLIED)].map(([, name = ""]) => nodeOfResource(name));
  });
  if (nodes.length === 0) return undefined;
  const commands = [...new Set(nodes)].map((name) => `  npm run apply-config -- --reboot ${name}`);
  return `a node has to restart for its new config, which no deploy does. Do it for one node after the other, then deploy again:\n${commands.join("\n")}`;
}
