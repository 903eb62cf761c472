import { reviewPlan } from "../../plan";
import { planOf, resource, VM } from "./support/plan-json";

describe("what is left alone on a disk, which OpenTofu does by its place in the list", () => {
  const disk = (slot: string, by: object = {}) => ({
    interface: slot,
    datastore_id: "ceph",
    size: 9,
    aio: "io_uring",
    cache: "none",
    iothread: true,
    speed: [],
    serial: "",
    discard: "on",
    ssd: true,
    backup: false,
    replicate: false,
    ...by,
  });
  const scratch = { cache: "unsafe", backup: true, datastore_id: "local-lvm" };
  const refusedOf = (before: readonly object[], after: readonly object[]) =>
    reviewPlan(
      planOf([resource(`${VM}.w-1`, ["update"], { before: { disk: before }, after: { disk: after } })]),
    ).refused;
  const [root, data] = [disk("scsi0"), disk("scsi2")];

  test("goes to no other disk, where one before it is removed or two are swapped", () => {
    const strayed = {
      allow: "w-1/scsi2/settings",
      rule: "disk",
      message: expect.stringContaining(
        "disk scsi2 of w-1 (proxmox_virtual_environment_vm.w-1) would get datastore_id, cache, backup of scsi1, which was at its place",
      ),
    };
    const before = [root, disk("scsi1", scratch), data];
    expect(refusedOf(before, [root, disk("scsi2", scratch)])).toMatchObject([
      { allow: "w-1/scsi1" },
      strayed,
    ]);
    expect(refusedOf(before, [root, disk("scsi2", scratch), disk("scsi1")])).toMatchObject([
      strayed,
      {
        allow: "w-1/scsi1/settings",
        message: expect.stringContaining("would get datastore_id, cache, backup of scsi2"),
      },
    ]);
  });

  test("nor to a new one, which has the defaults", () => {
    const before = [root, disk("scsi1", scratch)];
    expect(refusedOf(before, [root, disk("scsi3", scratch), disk("scsi1", scratch)])).toMatchObject([
      { allow: "w-1/scsi3/settings", message: expect.stringContaining("would get cache, backup of scsi1") },
    ]);
    expect(refusedOf(before, [root, disk("scsi1", scratch), disk("scsi3")])).toEqual([]);
  });

  test("a disk that keeps its own, or shares it with the other one, may come to any place", () => {
    const before = [root, disk("scsi1"), data];
    expect(refusedOf(before, [root, data]).map(({ allow }) => allow)).toEqual(["w-1/scsi1"]);
    expect(refusedOf(before, [root, disk("scsi3"), data]).map(({ allow }) => allow)).toEqual(["w-1/scsi1"]);
    expect(refusedOf(before, [root, disk("scsi1", scratch), data])).toEqual([]);
  });

  test("a disk that was detached in Proxmox leaves an empty place, which is no loss and gives nothing away", () => {
    const empty = disk("", { discard: "", ssd: false });
    expect(refusedOf([root, empty, data], [root, disk("scsi1", { discard: "", ssd: false }), data])).toEqual(
      [],
    );
    expect(refusedOf([root, empty, data], [root, disk("scsi2", { discard: "", ssd: false })])).toMatchObject([
      {
        allow: "w-1/scsi2/settings",
        message: expect.stringContaining("discard, ssd of a disk that was detached in Proxmox"),
      },
    ]);
  });
});
