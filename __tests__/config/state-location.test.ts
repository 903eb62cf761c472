import { TerraformStack } from "cdktf";
import type { StateConfig } from "../../config";
import {
  bootstrapState,
  movableStacks,
  stackNames,
  stateBeside,
  stateLocation,
} from "../../config/state-location";
import type { StateProps } from "../../stacks/cluster-stack-props";
import { configureState } from "../../stacks/configure-state";
import { ACCOUNT } from "../support/cloudflare-account";
import { newApp, synthStack } from "../support/synth";

const base: StateConfig = {
  backend: "r2",
  bucket: "states",
  key: "deep/er/home.tfstate",
  lock: true,
  accountId: ACCOUNT,
  jurisdiction: "eu",
  url: "https://tfstate.example.com/tf/states/home",
  encryption: { provider: "off", reason: "a test" },
};

/** The backend that the program synthesizes for a stack, as `main.ts` puts it together. */
function synthesized(state: StateProps, name: string) {
  const stack = new TerraformStack(newApp(), name);
  const own = name === "cluster" ? state : stateBeside(state, name);
  configureState(stack, name === "bootstrap" ? bootstrapState(state) : own);
  const { backend } = synthStack(stack).terraform as unknown as {
    readonly backend: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
  const { s3, http, local } = backend;
  if (s3)
    return { backend: "r2", bucket: s3.bucket, key: s3.key, endpoint: (s3.endpoints as { s3?: string })?.s3 };
  if (http) return { backend: "worker", url: http.address };
  return { backend: "local", path: local?.path };
}

test.each<[string, Partial<StateConfig>]>([
  ["r2", {}],
  ["r2 without an account", { accountId: undefined, jurisdiction: undefined }],
  ["r2 with a key at the top", { key: "home.tfstate" }],
  ["worker", { backend: "worker" }],
  ["local", { backend: "local" }],
  ["local with a path", { backend: "local", path: "/somewhere/else/home.tfstate" }],
])("%s: every stack's state is looked for where the program keeps it", (_, change) => {
  const state = { ...base, ...change };
  for (const name of stackNames) {
    expect(stateLocation(state, name, process.cwd())).toEqual(synthesized(state, name));
  }
});

test("no two stacks share a place, and neither do two clusters side by side", () => {
  const lab = { key: "deep/er/lab.tfstate", url: "https://tfstate.example.com/tf/states/lab", path: "lab" };
  for (const backend of ["r2", "worker", "local"] as const) {
    const states = [
      { ...base, path: "home", backend },
      { ...base, ...lab, backend },
    ];
    const places = states.flatMap((state) => stackNames.map((name) => stateLocation(state, name, "/home")));
    expect(new Set(places.map((place) => JSON.stringify(place))).size).toBe(
      // One bucket has one bootstrap stack.
      2 * movableStacks.length + 1,
    );
  }
});

test("the name of the cluster's state stands in those beside it", () => {
  expect(
    stateBeside({ key: "a/home.tfstate", url: "https://a/states/home", path: "/a.b/home" }, "x"),
  ).toEqual({
    key: "a/home-x.tfstate",
    url: "https://a/states/home-x",
    path: "/a.b/home-x",
  });
});

test("the Worker without an address is an error", () => {
  expect(() => stateLocation({ ...base, backend: "worker", url: undefined }, "cluster", "/")).toThrow(
    "state.url",
  );
});
