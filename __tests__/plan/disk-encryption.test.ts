import { reviewPlan } from "../../plan";
import { planOf, resource } from "./support/plan-json";

describe("the encryption of a node's disks", () => {
  const volume = (name: string, ...keys: object[]) =>
    JSON.stringify({
      apiVersion: "v1alpha1",
      kind: "VolumeConfig",
      name,
      encryption: { provider: "luks2", keys },
    });
  const [nodeId, tpm] = [
    { slot: 0, nodeID: {} },
    { slot: 0, tpm: {} },
  ];
  const config = "version: v1alpha1\nmachine: {type: worker}\n";
  const inState = (...volumes: string[]) => ({
    machine_configuration_input: [config, ...volumes].join("\n---\n"),
  });
  const outOfState = (...volumes: string[]) => ({
    machine_configuration_input: null,
    config_patches: volumes,
  });
  const refusedOf = (before: object, after: object, actions = ["update"]) =>
    reviewPlan(planOf([resource("talos_machine_configuration_apply.w-1", actions, { before, after })]))
      .refused;
  const message = (volumes: string, before: string, after: string) =>
    `w-1 (talos_machine_configuration_apply.w-1) could not open ${volumes} at its next start: encrypted with ${before}, and ${after} in the new config, while Talos encrypts a disk only when it formats it; undo that (encrypt_disk, secureboot, tpm, disk_encryption_key, or a patch), change it in one node after the other and give each a new VM with npm run replace-node -- w-1, or pass --allow w-1/encryption`;

  test.each([
    ["in the state", inState],
    ["out of the state", outOfState],
  ])("a change on a node that runs is refused: %s", (_, texts) => {
    const both = texts(volume("STATE", nodeId), volume("EPHEMERAL", nodeId));
    const other = texts(volume("STATE", tpm), volume("EPHEMERAL", { ...tpm, lockToState: true }));
    const none = texts(volume("OTHER"));
    const finding = (text: string) => [{ rule: "disk", allow: "w-1/encryption", message: text }];
    expect(refusedOf(both, none)).toMatchObject(finding(message("STATE and EPHEMERAL", "nodeID", "nothing")));
    expect(refusedOf(none, both)).toMatchObject(finding(message("STATE and EPHEMERAL", "nothing", "nodeID")));
    expect(refusedOf(both, other)).toMatchObject(finding(message("STATE and EPHEMERAL", "nodeID", "tpm")));
    const one = texts(
      volume("STATE", nodeId),
      volume("EPHEMERAL", { slot: 0, static: { passphrase: "hush" } }),
    );
    expect(refusedOf(both, one)).toMatchObject(finding(message("EPHEMERAL", "nodeID", "static")));
  });

  test("another key beside the one that opens it, and all else, is none; a new VM has new disks", () => {
    const old = inState(volume("STATE", nodeId));
    expect(refusedOf(old, inState(volume("STATE", { slot: 1, tpm: {} }, nodeId)))).toEqual([]);
    expect(refusedOf(old, outOfState(volume("STATE", nodeId)))).toEqual([]);
    expect(refusedOf(old, inState(), ["delete", "create"])).toEqual([]);
    expect(refusedOf(old, {})).toEqual([]);
  });

  const legacy = (volumes: object) => JSON.stringify({ machine: { systemDiskEncryption: volumes } });
  const inPatch = (...patches: object[]) => outOfState(...patches.map((each) => JSON.stringify(each)));

  test("it counts wherever a config has it: in the main document, and in the patches that are merged into it", () => {
    const finding = (text: string) => [{ allow: "w-1/encryption", message: text }];
    const main = { ephemeral: { provider: "luks2", keys: [tpm] } };
    for (const texts of [outOfState, (each: string) => inState(each)]) {
      expect(refusedOf(texts("{}"), texts(legacy(main)))).toMatchObject(
        finding(message("EPHEMERAL", "nothing", "tpm")),
      );
      expect(refusedOf(texts(legacy(main)), texts(legacy({ state: main.ephemeral })))).toMatchObject(
        finding(message("STATE and EPHEMERAL", "nothing", "tpm")),
      );
      // The other form of the same.
      expect(refusedOf(texts(legacy(main)), texts(volume("EPHEMERAL", tpm)))).toEqual([]);
    }
    // A slot that is not named is the first.
    expect(refusedOf(inState(volume("STATE", nodeId)), inState(volume("STATE", { nodeID: {} })))).toEqual([]);
  });

  test("patches are merged as Talos merges them: lists are appended to, and what is deleted is gone", () => {
    const encrypted = {
      apiVersion: "v1alpha1",
      kind: "VolumeConfig",
      name: "STATE",
      encryption: { provider: "luks2", keys: [nodeId] },
    };
    const same = { apiVersion: "v1alpha1", kind: "VolumeConfig", name: "STATE" };
    const second = { ...same, encryption: { keys: [{ slot: 1, tpm: {} }] } };
    expect(refusedOf(inPatch(encrypted), inPatch(encrypted, second))).toEqual([]);
    expect(
      refusedOf(
        inPatch(encrypted, second),
        inPatch({ ...same, encryption: { keys: [{ slot: 1, tpm: {} }] } }),
      ),
    ).toEqual([]);
    const gone = [{ allow: "w-1/encryption", message: message("STATE", "nodeID", "nothing") }];
    for (const deletion of [
      { ...same, $patch: "delete" },
      { ...same, encryption: { $patch: "delete" } },
      { ...same, encryption: { keys: [{ slot: 0, $patch: "delete" }] } },
    ])
      expect(refusedOf(inPatch(encrypted), inPatch(encrypted, deletion))).toMatchObject(gone);
  });

  test.each(["UserVolumeConfig", "RawVolumeConfig", "SwapVolumeConfig"])(
    "a volume of the user's own, as %s, keeps its keys too",
    (kind) => {
      const own = (...keys: object[]) => ({
        apiVersion: "v1alpha1",
        kind,
        name: "data",
        ...(keys.length > 0 && { encryption: { provider: "luks2", keys } }),
      });
      const refused = refusedOf(inPatch(own(nodeId)), inPatch(own(tpm)));
      expect(refused).toMatchObject([
        { allow: "w-1/encryption", message: message(`${kind} data`, "nodeID", "tpm") },
      ]);
      expect(refusedOf(inPatch(own()), inPatch(own(tpm)))).toHaveLength(1);
      // A new volume is formatted with its keys, and one that goes is not opened.
      expect(refusedOf(inPatch(), inPatch(own(tpm)))).toEqual([]);
      expect(refusedOf(inPatch({}, own(nodeId)), inPatch({}))).toEqual([]);
    },
  );
});
