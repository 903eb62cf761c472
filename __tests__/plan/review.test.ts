import { differencesOf, driftText, reviewPlan, textOf } from "../../plan";
import { controllers, destroyed, planOf, resource, VM } from "./support/plan-json";

test("minimal: a plan without changes is no change, and nothing is refused", () => {
  const summary = reviewPlan(planOf([]));
  expect(summary).toMatchObject({ hasChanges: false, refused: [], allowed: [], groups: [] });
  expect(textOf(summary)).toBe("no changes");
});

test("reads of data sources and what stays as it is are no changes", () => {
  const plan = planOf([
    resource("data.proxmox_datastores.x", ["read"], {}, { mode: "data" }),
    resource(`${VM}.cp-1`, ["no-op"]),
  ]);
  expect(reviewPlan(plan).hasChanges).toBe(false);
});

describe("what would be lost is refused, unless it is named", () => {
  const disks = (...slots: string[]) => ({
    disk: slots.map((slot) => ({ interface: slot, datastore_id: "local-lvm", size: 100 })),
  });
  test.each<[string, string, string, readonly object[], object?]>([
    [
      "a VM that is gone from the program",
      "w-1",
      `w-1 (${VM}.w-1) would be destroyed and its disks deleted, because it is no longer in the program; drain the node first and pass --allow w-1, or put it back into cluster.yaml`,
      [destroyed("w-1")],
    ],
    [
      "a VM with a change that cannot be made in place",
      "cp-1",
      `cp-1 (${VM}.cp-1) would be replaced by a new VM and its disks deleted, because vm_id 7011 → 7099 cannot be changed in place; undo that, or pass --allow cp-1`,
      [
        resource(`${VM}.cp-1`, ["delete", "create"], {
          before: { name: "cp-1", vm_id: 7011 },
          after: { name: "cp-1", vm_id: 7099 },
          replace_paths: [["vm_id"]],
        }),
      ],
    ],
    [
      "a tainted VM",
      "cp-1",
      `cp-1 (${VM}.cp-1) would be replaced by a new VM and its disks deleted, because an earlier apply left it unfinished; undo that, or pass --allow cp-1`,
      [
        resource(
          `${VM}.cp-1`,
          ["create", "delete"],
          { before: { name: "cp-1" }, after: { name: "cp-1" } },
          { action_reason: "replace_because_tainted" },
        ),
      ],
    ],
    [
      "a disk, whatever the order of the list",
      "w-1/scsi1",
      `w-1 (${VM}.w-1) would lose its disk scsi1 (100 GiB on local-lvm): it is no longer in the program; put it back into cluster.yaml, or copy its data and pass --allow w-1/scsi1`,
      [
        resource(`${VM}.w-1`, ["update"], {
          before: disks("scsi0", "scsi1", "scsi2"),
          after: disks("scsi2", "scsi0"),
        }),
      ],
    ],
    [
      "a TPM, which has the keys of encrypted disks",
      "w-1/tpmstate0",
      `w-1 (${VM}.w-1) would lose its TPM, and what is sealed to it could never be read again, as the disks of a node with encrypt_disk and Secure Boot; take tpm: false out of cluster.yaml, or pass --allow w-1/tpmstate0`,
      [
        resource(`${VM}.w-1`, ["update"], {
          before: { ...disks("scsi0"), tpm_state: [{ datastore_id: "local-lvm", version: "v2.0" }] },
          after: { ...disks("scsi0"), tpm_state: [] },
        }),
      ],
    ],
    [
      "a VM of for_each, by its key",
      "w-1",
      'w-1 (proxmox_virtual_environment_vm.node["w-1"]) would be destroyed and its disks deleted, because it is no longer in the program; drain the node first and pass --allow w-1, or put it back into cluster.yaml',
      [
        resource(
          `${VM}.node["w-1"]`,
          ["delete"],
          { before: { name: "w-1" } },
          { action_reason: "delete_because_each_key" },
        ),
      ],
    ],
    [
      "a bucket of states",
      "cloudflare_r2_bucket.state",
      "cloudflare_r2_bucket.state would be destroyed, because it is no longer in the program: the states in it, and their versions, would be gone; copy them with `npm run state -- backup` first, then pass --allow cloudflare_r2_bucket.state",
      [
        resource(
          "cloudflare_r2_bucket.state",
          ["delete"],
          {},
          { action_reason: "delete_because_no_resource_config" },
        ),
      ],
    ],
    [
      "the Worker",
      "cloudflare_workers_script.tfstate",
      "the states' locks, pointers and audits are in its Durable Objects",
      [resource("cloudflare_workers_script.tfstate", ["delete", "create"])],
    ],
    [
      "the secrets of the cluster",
      "talos_machine_secrets.prod",
      'every certificate of cluster "prod" and its etcd encryption key would be new',
      [
        resource("talos_machine_secrets.prod", ["delete", "create"], {
          before: { talos_version: "v1.13" },
          after: { talos_version: "v1.12" },
          replace_paths: [["talos_version"]],
        }),
      ],
    ],
    [
      "the secrets of the cluster, which nothing but the state has",
      "talos_machine_secrets.prod",
      "talos_machine_secrets.prod would be forgotten: every certificate",
      [resource("talos_machine_secrets.prod", ["forget"])],
    ],
    [
      "other secrets than those of a cluster that was made",
      "talos_machine_secrets.prod",
      'talos_machine_secrets.prod would be created, but cluster "prod" was made with secrets that the state has no more',
      [
        resource("talos_machine_secrets.prod", ["create"]),
        resource("talos_machine_bootstrap.prod", ["no-op"]),
      ],
    ],
    [
      "a VM whose name starts with a digit",
      "1cp",
      `1cp (${VM}._1cp) would be destroyed`,
      [destroyed("_1cp")],
    ],
  ])("%s", (_, allow, message, changes) => {
    const { refused, allowed } = reviewPlan(planOf(changes));
    expect(allowed).toEqual([]);
    expect(refused).toMatchObject([{ allow, message: expect.stringContaining(message) }]);
    const again = reviewPlan(planOf(changes), [allow]);
    expect([again.refused, again.allowed]).toEqual([[], refused]);
  });

  test("the secrets of a new cluster are no loss", () => {
    const created = ["talos_machine_secrets.prod", "talos_machine_bootstrap.prod"];
    expect(reviewPlan(planOf(created.map((address) => resource(address, ["create"])))).refused).toEqual([]);
  });

  test("an allowance of something else allows nothing and is an error, since it may be misspelt", () => {
    const plan = planOf([destroyed("w-1"), destroyed("w-2")]);
    expect(() => reviewPlan(plan, ["w-1", "w-3"])).toThrow(
      "--allow w-3 names nothing that this plan would lose; that is w-1, w-2",
    );
    expect(() => reviewPlan(planOf([]), ["w-1"])).toThrow("it would lose nothing, so leave it out");
    expect(reviewPlan(plan, ["w-1"]).refused).toMatchObject([{ allow: "w-2" }]);
  });

  test("a deploy that has destroyed a VM and could not create it again can be repeated as it was", () => {
    const plan = planOf([resource(`${VM}.cp-1`, ["create"]), resource(`${VM}.w-1`, ["no-op"])]);
    expect(reviewPlan(plan, ["cp-1", "quorum"]).refused).toEqual([]);
    expect(() => reviewPlan(plan, ["w-1"])).toThrow("--allow w-1 names nothing that this plan would lose");
  });
});

describe("the quorum of etcd", () => {
  const refusedRules = (plan: string, allow: readonly string[] = []) =>
    reviewPlan(plan, allow).refused.map(({ rule }) => rule);

  test("one control plane of three may go, two may not, though both are named", () => {
    const members = controllers("cp-1", "cp-2", "cp-3");
    expect(refusedRules(planOf([destroyed("cp-1")], members), ["cp-1"])).toEqual([]);
    const both = planOf([destroyed("cp-1"), destroyed("cp-2")], members);
    expect(refusedRules(both, ["cp-1", "cp-2"])).toEqual(["quorum"]);
    expect(refusedRules(both, ["cp-1", "cp-2", "quorum"])).toEqual([]);
    expect(reviewPlan(both, ["cp-1", "cp-2"]).refused[0]?.message).toBe(
      "etcd would lose its quorum: cp-1, cp-2 of 3 control planes would go down together, and 2 must stay up; change them one by one, or pass --allow quorum for a cluster that may stop",
    );
  });

  test.each([
    [
      "a restart for more memory",
      { memory: [{ dedicated: 4096 }] },
      { memory: [{ dedicated: 8192 }] },
      true,
      ["quorum"],
    ],
    [
      "more memory without a restart",
      { memory: [{ dedicated: 4096 }] },
      { memory: [{ dedicated: 8192 }] },
      false,
      [],
    ],
    ["a stop", { started: true }, { started: false }, false, ["quorum"]],
    ["a tag, where restarts are allowed", { tags: ["a"] }, { tags: ["b"] }, true, []],
  ])("two control planes of three with %s", (_, before, after, reboots, expected) => {
    const update = (name: string) =>
      resource(`${VM}.${name}`, ["update"], {
        before: { ...before, reboot_after_update: reboots },
        after: { ...after, reboot_after_update: reboots },
      });
    const plan = planOf([update("cp-1"), update("cp-2")], controllers("cp-1", "cp-2", "cp-3"));
    expect(refusedRules(plan)).toEqual(expected);
  });

  test("is that of the nodes, whatever their resources are called", () => {
    const both = planOf([destroyed("_1cp"), destroyed("_2cp")], controllers("1cp", "2cp", "3cp"));
    expect(refusedRules(both, ["1cp", "2cp"])).toEqual(["quorum"]);
  });

  test("a control plane that becomes a worker stays in etcd, so it is refused; two of three are the quorum, too", () => {
    const stays = ["cp-1", "cp-2", "cp-3"].map((name) => resource(`${VM}.${name}`, ["no-op"]));
    const change = (...after: string[]) => ({
      output_changes: { controller_nodes: { actions: ["update"], before: ["cp-1", "cp-2", "cp-3"], after } },
    });
    const one = reviewPlan(planOf(stays, change("cp-1", "cp-2")));
    expect(one.refused).toEqual([
      {
        rule: "quorum",
        address: `${VM}.cp-3`,
        allow: "cp-3",
        message: `cp-3 (${VM}.cp-3) would be a worker, but stay a member of etcd that nothing runs: no node that runs changes its role; undo that, take it out with npm run remove-node -- cp-3 and add it again, or pass --allow cp-3 where etcd is not on it any more`,
      },
    ]);
    expect(refusedRules(planOf(stays, change("cp-1")), ["cp-2", "cp-3"])).toEqual(["quorum"]);
    const moved = [
      ...stays.slice(0, 2),
      resource(`${VM}.cp-x`, ["no-op"], {}, { previous_address: `${VM}.cp-3` }),
    ];
    expect(refusedRules(planOf(moved, change("cp-1", "cp-2", "cp-x")))).toEqual([]);
    const gone = [...stays.slice(0, 2), destroyed("cp-3")];
    expect(reviewPlan(planOf(gone, change("cp-1", "cp-2")), ["cp-3"]).refused).toEqual([]);
  });

  test("one control plane of three may get another address, two may not, where a config or a firewall has it", () => {
    const { output_changes } = controllers("cp-1", "cp-2", "cp-3");
    const plan = (type: string, changed: object) => {
      const before = { "cp-1": "10.0.0.1", "cp-2": "10.0.0.2", "cp-3": "10.0.0.3", "w-1": "10.0.0.9" };
      const after = { ...before, ...changed };
      return planOf([resource(`${VM}.cp-1`, ["no-op"]), resource(`${type}.cp-1`, ["update"])], {
        output_changes: { ...output_changes, node_addresses: { actions: ["update"], before, after } },
      });
    };
    const apply = "talos_machine_configuration_apply";
    expect(refusedRules(plan(apply, { "cp-1": "10.0.0.7", "w-1": "10.0.0.8" }))).toEqual([]);
    const two = { "cp-1": "10.0.0.7", "cp-3": "10.0.0.8" };
    expect(reviewPlan(plan(apply, two)).refused).toMatchObject([
      { allow: "quorum", address: `${VM}.cp-1`, message: expect.stringContaining("cp-1, cp-3 of 3") },
    ]);
    expect(refusedRules(plan("proxmox_virtual_environment_firewall_rules", two))).toEqual(["quorum"]);
    expect(refusedRules(plan("proxmox_download_file", two))).toEqual([]);
  });

  test("workers have no quorum", () => {
    const plan = planOf([destroyed("w-1"), destroyed("w-2")], controllers("cp-1", "cp-2", "cp-3"));
    expect(refusedRules(plan, ["w-1", "w-2"])).toEqual([]);
  });
});

test("the text groups by node, counts, hides secrets and says what was decided", () => {
  const plan = planOf(
    [
      resource(`${VM}.cp-10`, ["update"], {
        before: { memory: [{ dedicated: 4096 }], ipv4: ["10.0.0.1"], password: "hunter2" },
        after: { memory: [{ dedicated: 8192 }], password: "hunter3" },
        after_unknown: { ipv4: true },
        after_sensitive: { password: true },
      }),
      resource(`${VM}.cp-2`, ["no-op"], {}, { previous_address: `${VM}.node["cp-2"]` }),
      resource("proxmox_haresource.cp-2", ["create"], { after: { resource_id: "vm:7012" } }),
      resource("proxmox_download_file.talos", ["create"], { after: { url: "https://example.com" } }),
      destroyed("w-1"),
    ],
    {
      output_changes: {
        talos_version: { actions: ["update"], before: "v1", after: "v2" },
        kubeconfig: { actions: ["create"], before: null, after_unknown: true, after_sensitive: true },
        node_addresses: { actions: ["no-op"], before: {}, after: {} },
      },
      checks: [
        { address: { to_display: "check.x" }, instances: [{ problems: [{ message: "pve1 is\n full" }] }] },
      ],
    },
  );
  const summary = reviewPlan(plan);
  expect(textOf(summary)).toBe(
    [
      "2 to create, 1 to change in place, 1 to move in the state, 1 to DESTROY",
      "cp-2",
      `  > move ${VM}.cp-2`,
      "  + create proxmox_haresource.cp-2",
      "cp-10",
      `  ~ update ${VM}.cp-10`,
      "      memory[0].dedicated: 4096 → 8192",
      "      password: (a secret) → (another secret)",
      "w-1",
      `  - destroy ${VM}.w-1 (it is no longer in the program)`,
      "not of one node",
      "  + create proxmox_download_file.talos",
      "outputs: talos_version, kubeconfig",
      "warning: pve1 is full",
      `refused: ${summary.refused[0]?.message}`,
    ].join("\n"),
  );
  expect(JSON.stringify(summary)).not.toContain("hunter");
});

test("text of others hides nothing of the plan on a terminal", () => {
  const plan = planOf(
    [
      resource(`${VM}.cp-1`, ["update"], {
        before: { description: "\u001b[2K\u001b[1A\u202egone" },
        after: { description: "x" },
      }),
    ],
    { checks: [{ address: { to_display: "x" }, instances: [{ problems: [{ message: "\u001b[8m" }] }] }] },
  );
  expect(textOf(reviewPlan(plan))).toMatch(
    /description: \ufffd\[2K\ufffd\[1A\ufffdgone → x\nwarning: \ufffd\[8m$/,
  );
});

test("what it cannot judge is never taken for no change", () => {
  const plan = planOf([resource(`${VM}.cp-1`, ["create", "forget"])]);
  expect(() => reviewPlan(plan)).toThrow(
    `the plan would "create,forget" ${VM}.cp-1, which this program cannot judge, so nothing is done; undo`,
  );
});

test.each([
  ["no JSON", "Terraform will perform", "is not JSON"],
  [
    "the JSON of a state",
    '{"format_version":"1.0","values":{},"resource_changes":{}}',
    "is not the JSON of a plan: resource_changes",
  ],
  ["a later format", '{"format_version":"2.0"}', "format_version is not 1.x"],
  ["a plan that failed", '{"format_version":"1.2","errored":true}', "ended with an error"],
])("%s is an error that says what to give", (_, text, message) => {
  expect(() => reviewPlan(text, [], "plan.json")).toThrow(message);
});

test("drift is a plan turned round: what was wanted and what was found, by node", () => {
  const plan = planOf([
    resource(`${VM}.cp-1`, ["update"], {
      before: { description: "by hand", memory: [{ dedicated: 2048 }] },
      after: { description: null, memory: [{ dedicated: 4096 }] },
    }),
    resource(`${VM}.w-1`, ["create"], { after: { name: "w-1" } }),
    resource("proxmox_download_file.talos", ["delete"], { before: { url: "https://example.com" } }),
  ]);
  expect(driftText(differencesOf(reviewPlan(plan)))).toBe(
    [
      "node  attribute                           wanted              found",
      "cp-1  description                         (nothing)           by hand",
      "cp-1  memory[0].dedicated                 4096                2048",
      "w-1   proxmox_virtual_environment_vm.w-1  there               missing",
      "-     proxmox_download_file.talos         not in the program  there",
    ].join("\n"),
  );
  expect(driftText(differencesOf(reviewPlan(planOf([]))))).toBe("no drift");
});
