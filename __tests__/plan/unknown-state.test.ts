import { reviewPlan } from "../../plan";
import { planOf, resource, VM } from "./support/plan-json";

describe("a state that is empty although the VMs are there", () => {
  const created = (name: string, vmId: number) =>
    resource(`${VM}.${name}`, ["create"], { after: { name, vm_id: vmId } });
  const plan = (...known: object[]) =>
    planOf([created("cp-1", 7011), created("cp-2", 7012), created("w-1", 7021)], {
      prior_state: {
        values: {
          root_module: {
            resources: [
              {
                address: `data.${VM}s.existing`,
                mode: "data",
                values: { vms: [7011, 7012, 9000].map((vm_id) => ({ vm_id, name: "any" })) },
              },
              ...known,
            ],
          },
        },
      },
    });

  test("is refused, since it would begin another state with other secrets", () => {
    const { refused } = reviewPlan(plan());
    expect(refused).toMatchObject([
      {
        rule: "state",
        address: `${VM}.cp-1`,
        allow: "new-state",
        message: expect.stringMatching(/^the state is empty, and cp-1, cp-2 are in Proxmox already/),
      },
    ]);
    expect(reviewPlan(plan(), ["new-state"]).refused).toEqual([]);
  });

  test("a VM that a deploy has left, which the state does not know yet, is taken over", () => {
    expect(reviewPlan(plan({ address: `${VM}.w-2`, mode: "managed", values: {} })).refused).toEqual([]);
  });
});
