import { TALOS_SECRETS_VARIABLE } from "../../domain/talos-secrets";
import type { Template } from "../state-copy";

type Blocks = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** What is used of a program whose secrets are out of the state. */
interface EphemeralTemplate extends Template {
  readonly ephemeral: { readonly talos_machine_configuration: Blocks };
  readonly resource: Readonly<Record<string, Blocks>>;
  readonly variable: Blocks;
  readonly moved?: readonly { readonly to: string }[];
}

/**
 * A program of which only the machine configs can be planned. An output would be evaluated, and with it what it refers to. A config that
 * is ephemeral would not be shown: here it is data, in a plan that is thrown away.
 */
export function configsOnly({ output: _, ...template }: Template): object {
  return hasEphemerals(template) ? withData(template) : template;
}

const hasEphemerals = (template: Template): template is EphemeralTemplate => template.ephemeral !== undefined;

function withData({ ephemeral, import: _, ...template }: EphemeralTemplate): object {
  const isOfTalos = (address: string) => address.startsWith("talos_");
  const { data, variable, moved = [] } = template;
  const { ephemeral: __, ...secrets } = variable[TALOS_SECRETS_VARIABLE] ?? {};
  const applied = template.resource.talos_machine_configuration_apply ?? {};
  const configs = Object.entries(ephemeral.talos_machine_configuration).map(([name, config]) => [
    name,
    { ...config, config_patches: config.config_patches ?? applied[name]?.config_patches },
  ]);
  return {
    ...template,
    variable: { ...variable, [TALOS_SECRETS_VARIABLE]: secrets },
    // They refer to what is ephemeral.
    resource: Object.fromEntries(Object.entries(template.resource).filter(([type]) => !isOfTalos(type))),
    moved: moved.filter(({ to }) => !isOfTalos(to)),
    data: { ...(data as object), talos_machine_configuration: Object.fromEntries(configs) },
  };
}
