import {
  CHECKED_TALOS_VERSIONS,
  type CheckedTalosVersion,
  checkConfigs,
  checkTalosConfigs,
  type GenerateInput,
  resolveConfigChecker,
} from "../../../stand-ins/talos-config";
import { BAD_CONFIGS } from "./support/bad-configs";
import { goodInput as generate, goodConfig } from "./support/good-config";

const hostname = "{apiVersion: v1alpha1, kind: HostnameConfig, hostname: cp-1, auto: 'off'}";
const metal = (name: string, config: string) => ({ name, mode: "metal" as const, config });

async function verdict(input: Partial<GenerateInput>, version?: CheckedTalosVersion) {
  const [only] = await checkTalosConfigs(
    [{ name: "it", mode: "metal", generate: { ...generate, ...input } }],
    version,
  );
  return only;
}

it.each(CHECKED_TALOS_VERSIONS)("Talos %s takes what is generated for contract 1.12", async (version) => {
  const requests = (["metal", "cloud"] as const).flatMap((mode) =>
    (["controlplane", "worker"] as const).map((machineType) => ({
      name: `${mode} ${machineType}`,
      mode,
      generate: { ...generate, machineType, configPatches: [hostname] },
    })),
  );
  const verdicts = await checkTalosConfigs(requests, version);
  expect(verdicts.map(({ name, errors, warnings }) => ({ name, errors, warnings }))).toEqual(
    requests.map(({ name }) => ({ name, errors: [], warnings: [] })),
  );
  for (const { config } of verdicts)
    expect(config).toMatch(/kind: HostnameConfig\nauto: ["']?off["']?\nhostname: cp-1/);
});

it("refuses what a node would refuse, and tells why", async () => {
  const good = await goodConfig();
  const verdicts = await checkTalosConfigs([
    metal("good", good),
    ...BAD_CONFIGS.map(({ name, change }) => metal(name, change(good))),
  ]);
  const said = Object.fromEntries(verdicts.map(({ name, errors }) => [name, errors.join("\n")]));
  const expected = BAD_CONFIGS.map(({ name, refused }) => [
    name,
    refused ? expect.stringMatching(refused) : "",
  ]);
  expect(said).toEqual({ good: "", ...Object.fromEntries(expected) });
});

it("refuses an unknown key in a patch, as the data source does", async () => {
  expect(await verdict({ configPatches: ["machine: {kublet: {}}"] })).toMatchObject({
    config: "",
    errors: [expect.stringMatching(/unknown keys[\s\S]*kublet/)],
  });
});

it.each(["http://10.0.0.10:6443", "10.0.0.10:6443", "https://10.0.0:port"])(
  "refuses the endpoint %s, as the data source does",
  async (clusterEndpoint) => {
    expect((await verdict({ clusterEndpoint }))?.errors).toEqual([
      expect.stringMatching(/^cluster endpoint: /),
    ]);
  },
);

it("requires an install disk on metal only", async () => {
  const config = (await verdict({}))?.config.replace(/^ {8}disk: .*\n/m, "") ?? "";
  const [onMetal, inCloud] = await checkTalosConfigs([
    metal("metal", config),
    { ...metal("cloud", config), mode: "cloud" },
  ]);
  expect(onMetal?.errors).toEqual([expect.stringMatching(/install disk/)]);
  expect(inCloud?.errors).toEqual([]);
});

it("gives warnings apart from errors", async () => {
  expect(
    await verdict({
      configPatches: ["machine: {install: {extensions: [{image: a}]}}"],
    }),
  ).toMatchObject({ errors: [], warnings: [expect.stringMatching(/deprecated/)] });
});

it("a form of 1.13 is refused by 1.12", async () => {
  const patch = "{apiVersion: v1alpha1, kind: EnvironmentConfig, variables: {A: b}}";
  expect((await verdict({ configPatches: [patch] }, "1.13"))?.errors).toEqual([]);
  expect((await verdict({ configPatches: [patch] }, "1.12"))?.errors.join()).toMatch(/EnvironmentConfig/);
});

it("answers thousands of requests in their order", async () => {
  const names = Array.from({ length: 2000 }, (_, index) => `node-${index}`);
  const [first] = await checkTalosConfigs([{ name: "it", mode: "metal", generate }]);
  const verdicts = await checkTalosConfigs(names.map((name) => metal(name, first?.config ?? "")));
  expect(verdicts.map(({ name }) => name)).toEqual(names);
});

it("fails for a request of another form", async () => {
  const misspelt = [{ name: "it", mode: "metal", generat: {} }] as never;
  await expect(checkConfigs(await resolveConfigChecker(), misspelt)).rejects.toThrow(
    /unknown field "generat"/,
  );
});
