import type { SchematicConfig } from "../../config";
import { schematicId, schematicYaml } from "../../domain/schematic";
import type { Check } from "../check";
import { fail, type Line, NotChecked, pass } from "../line";

const TIMEOUT_MS = 10_000;

export const imageFactoryCheck: Check = {
  name: "image-factory",
  about: "whether the image factory knows the schematics",
  async run({ factoryUrl, cluster: { config } }) {
    const byId = new Map(config.nodes.map(({ schematic }) => [idOf(schematic), schematic]));
    return Promise.all([...byId].map(([id, schematic]) => lineOf(id, schematic, factoryUrl)));
  },
};

const idOf = (schematic: SchematicConfig) => ("id" in schematic ? schematic.id : schematicId(schematic));

async function lineOf(id: string, schematic: SchematicConfig, factoryUrl: string): Promise<Line> {
  const short = `${id.slice(0, 12)}…`;
  const status = await statusOf(`${factoryUrl}/schematics/${id}`);
  if (status === 200) return pass(`${factoryUrl} knows schematic ${short}`);
  if (status !== 404) {
    throw new NotChecked(
      `${factoryUrl} answers ${status} for schematic ${short}`,
      `try again later; open ${factoryUrl} in a browser`,
    );
  }
  const fix =
    "id" in schematic
      ? `copy schematic_id from ${factoryUrl} again`
      : `tell it: curl -X POST --data-binary ${quoted(schematicYaml(schematic))} ${factoryUrl}/schematics`;
  return fail(`${factoryUrl} does not know schematic ${short}, so it has no image of it`, fix);
}

/** On one line, for a shell that knows $'…': bash and zsh. YAML has quotes of its own. */
const quoted = (text: string) => `$'${text.replaceAll(/[\\']/g, "\\$&").replaceAll("\n", "\\n")}'`;

/** @throws NotChecked if nobody answers: the hosts download images themselves, and may well reach it */
async function statusOf(url: string): Promise<number> {
  try {
    const { status, body } = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    await body?.cancel();
    return status;
  } catch (error) {
    const { cause, message } = error as Error;
    throw new NotChecked(
      `${new URL(url).origin} does not answer here (${(cause as Error | undefined)?.message || message})`,
      "see that the Proxmox hosts reach it: they download the image themselves",
    );
  }
}
