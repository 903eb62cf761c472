import { join } from "node:path";
import { SavedPlan } from "../../cli/review-plan";
import { type FakeMachine, fakeMachine } from "../support/fake-machine";

const VM = { mode: "managed", address: "vm.cp-1", type: "vm", name: "cp-1" };
const STATE = { serial: 1, lineage: "made by somebody" };

let on: FakeMachine;
beforeEach(() => {
  on = fakeMachine();
  on.file("out/stacks/cluster/plan", "saved");
  on.file("out/stacks/cluster/cdk.tf.json", "{}");
});
afterEach(() => on.remove());

/** The state that a plan depends on. @param plan what is planned @param state what is in the state by now */
async function stateOfPlan(plan: object, state: readonly object[] | undefined) {
  on.file("pulled", state ? JSON.stringify(STATE) : "");
  on.file("plan.json", JSON.stringify({ format_version: "1.2", ...plan }));
  on.file("state.json", JSON.stringify({ values: { root_module: { resources: state ?? [] } } }));
  on.program(
    "tofu",
    `case "$*" in
    "state pull"*) cat ${on.root}/pulled ;;
    "show -json plan"*) cat ${on.root}/plan.json ;;
    "show -json"*) cat ${on.root}/state.json ;;
    *) echo "unexpected: $*" >&2; exit 1 ;;
  esac`,
  );
  const saved = new SavedPlan(["cluster", "-o", join(on.root, "out")]);
  const env = { ...on.env, TERRAFORM_BINARY_NAME: join(on.root, "bin/tofu") };
  return (await saved.basisOfPlan("npm run deploy", env)).state;
}

const planOf = (change: object) => ({ resource_changes: [{ ...VM, change }] });
const CREATE = planOf({ actions: ["create"], before: null });
const IMPORT = planOf({ actions: ["no-op"], before: { id: 1 }, importing: { id: "1" } });
const UPDATE = planOf({ actions: ["update"], before: { id: 1 } });
/** All that was in the state is gone from Proxmox. */
const GONE = { ...CREATE, resource_drift: [VM] };

test.each([CREATE, IMPORT])(
  "a first state that somebody has made since the plan was begun stops it",
  async (plan) => {
    await expect(stateOfPlan(plan, [VM])).rejects.toThrow(
      "the plan was made when there was no state, and there is one now; run npm run deploy again",
    );
  },
);

test.each([
  [UPDATE, [VM]],
  [GONE, [VM]],
  // Nothing in it can be lost.
  [CREATE, [{ ...VM, mode: "data" }]],
  [CREATE, []],
])("a plan that was made with this state depends on it", async (plan, state) => {
  expect(await stateOfPlan(plan, state)).toEqual(STATE);
});

test("a first plan depends on there being none", async () => {
  expect(await stateOfPlan(CREATE, undefined)).toBeNull();
});
