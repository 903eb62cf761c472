import { z } from "zod";
import { resourceName } from "../../domain/virtual-machine";
import { tail } from "../../process/process-group";
import { TalosError } from "../errors";
import { readStateBytes, type StateCopyProps, withStateCopy } from "../state-copy";
import { configsOnly } from "./configs-only";

const TYPE = "talos_machine_configuration";

const plan = z.object({
  prior_state: z.object({
    values: z.object({
      root_module: z.object({
        resources: z.array(
          z.object({
            mode: z.string(),
            type: z.string(),
            name: z.string(),
            values: z.record(z.string(), z.unknown()),
          }),
        ),
      }),
    }),
  }),
});

/**
 * The machine configs that the next deploy would give to the nodes, as YAML by node name. They are made by the provider itself, by
 * a plan of nothing but them, on a copy of the state: neither Proxmox nor a node is asked.
 * @returns without the nodes whose config is only known at the deploy, as that of a VM that gets its MAC address then
 * @throws TalosError if there is no state, or the plan fails
 */
export async function readWantedConfigs(
  names: readonly string[],
  props: StateCopyProps,
): Promise<ReadonlyMap<string, string>> {
  const { bytes } = await readStateBytes(props);
  return withStateCopy(bytes, props, configsOnly, async ({ tofu }) => {
    const run = async (...args: readonly string[]): Promise<string> => {
      const { exitCode, stdout, stderr } = await tofu(...args, "-no-color");
      if (exitCode === 0) return stdout;
      throw new TalosError(
        `the configs of the next deploy cannot be made: tofu ${args[0]} failed:\n\n${tail(stderr || stdout, 30)}`,
      );
    };
    await run("init", "-input=false");
    const targets = names.map((name) => `-target=data.${TYPE}.${resourceName(name)}`);
    await run("plan", "-input=false", "-lock=false", "-refresh=false", "-out=plan", ...targets);
    const configs = configsIn(JSON.parse(await run("show", "-json", "plan")));
    return new Map(
      names.flatMap((name): [string, string][] => {
        const config = configs.get(resourceName(name));
        return config === undefined ? [] : [[name, config]];
      }),
    );
  });
}

/** By the name of the resource. */
function configsIn(shown: unknown): ReadonlyMap<string, string> {
  const { resources } = plan.parse(shown).prior_state.values.root_module;
  return new Map(
    resources
      .filter(({ mode, type }) => mode === "data" && type === TYPE)
      .flatMap(({ name, values }): [string, string][] => {
        const config = values.machine_configuration;
        return typeof config === "string" ? [[name, config]] : [];
      }),
  );
}
