import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { waitUntil } from "../support/wait-until";
import { expectNoState, expectUnlocked, json, jsonList } from "./conformance/case";
import { lockInfo, State, stateBody } from "./conformance/client";
import {
  ClientFolder,
  data,
  encryption,
  httpBackend,
  newFolder,
  removeFolders,
} from "./support/client-folder";
import { startTestWorker, type TestWorker } from "./support/harness";

/** The real clients against the real Worker. Both have `terraform_data` built in, so no provider is needed. */
let worker: TestWorker;
beforeAll(async () => {
  worker = await startTestWorker({ vars: { TFSTATE_BASE_PATH: "/tfstate" } });
});
afterAll(async () => {
  await worker.stop();
  await removeFolders();
});

/** Terraform where it is installed; no CI depends on it. */
const terraform = ["/usr/local/bin/terraform", "/usr/bin/terraform", "/opt/homebrew/bin/terraform"].find(
  existsSync,
);
const clients: readonly (readonly [string, () => string])[] = [
  ["OpenTofu", () => process.env.TERRAFORM_BINARY_NAME ?? "tofu"],
  ...(terraform ? [["Terraform", () => terraform] as const] : []),
];

/** A folder with a configuration whose state is at the Worker, and the client that works in it. */
class Project extends ClientFolder {
  private constructor(
    binary: string,
    folder: string,
    readonly state: State,
  ) {
    const { username, password } = state.target;
    super(binary, folder, {
      TF_HTTP_USERNAME: username,
      TF_HTTP_PASSWORD: password,
      TF_HTTP_RETRY_WAIT_MIN: "1",
    });
  }

  static async create(
    binary: string,
    state: State,
    resources: string,
    backend = "http",
    extra = "",
  ): Promise<Project> {
    const project = new Project(binary, await newFolder(), state);
    await project.configure(resources, backend, extra);
    return project;
  }

  configure(resources: string, backend = "http", extra = ""): Promise<void> {
    const settings = backend === "http" ? httpBackend(this.state) : "";
    return this.write(
      `terraform {\n  backend "${backend}" {\n    ${settings}\n  }\n${extra}\n}\n${resources}\n`,
    );
  }
}

/** Writes the file `held` once it is being made, and is not made before its client has ended or finds the file `go-on`. */
const held = (name: string): string =>
  `resource "terraform_data" "${name}" {
  provisioner "local-exec" {
    command = "touch held; while kill -0 $PPID && [ ! -e go-on ]; do sleep 0.1; done"
  }
}`;

async function untilLocked(state: State): Promise<string> {
  let id: unknown;
  await waitUntil(async () => {
    id = json(await state.holder()).ID;
    return id !== undefined;
  });
  return String(id);
}

const resourcesOf = async (state: State): Promise<string[]> =>
  (JSON.parse((await state.get()).text) as { resources: { name: string }[] }).resources
    .map(({ name }) => name)
    .sort();

describe.each(clients)("%s", (client, binary) => {
  let state: State;
  beforeEach(() => {
    state = new State(worker.owner);
  });

  test("init, apply, plan, destroy: each step leaves what it should, and no lock", async () => {
    const project = await Project.create(binary(), state, data("a"));
    await project.succeed("init", "-no-color");
    await project.succeed("apply", "-auto-approve", "-no-color");
    expectUnlocked(await state.holder());
    expect((await project.run("plan", "-detailed-exitcode", "-no-color")).exitCode).toBe(0);
    await project.configure(`${data("a", "2")}\n${data("b")}`);
    expect((await project.run("plan", "-detailed-exitcode", "-no-color")).exitCode).toBe(2);
    await project.succeed("apply", "-auto-approve", "-no-color");
    expect((await resourcesOf(state)).join()).toBe("a,b");
    await project.succeed("destroy", "-auto-approve", "-no-color");
    expect((await resourcesOf(state)).join()).toBe("");
    expectUnlocked(await state.holder());
    const audit = jsonList(await state.send("GET", "/audit"));
    expect(audit.filter(({ action }) => action === "write").length).toBeGreaterThanOrEqual(3);
    expect(audit.filter(({ action }) => action === "lock").length).toBe(
      audit.filter(({ action }) => action === "unlock").length,
    );
  });

  test("a second client sees the holder, waits with -lock-timeout, and goes on once the lock is free", async () => {
    const project = await Project.create(binary(), state, data("a"));
    await project.succeed("init", "-no-color");
    const info = lockInfo("carol@elsewhere");
    await state.lock(info);
    expect(await project.fail("apply", "-auto-approve", "-no-color")).toContain(info.ID);
    const waiting = project.run("apply", "-auto-approve", "-no-color", "-lock-timeout=60s");
    await sleep(1500);
    await state.unlock(info);
    expect((await waiting).exitCode).toBe(0);
    expect((await resourcesOf(state)).join()).toBe("a");
  });

  test("after kill -9 in mid-apply, force-unlock frees the state and the next apply works", async () => {
    const project = await Project.create(binary(), state, data("a"));
    await project.succeed("init", "-no-color");
    await project.succeed("apply", "-auto-approve", "-no-color");
    await project.configure(`${data("a")}\n${held("b")}`);
    const { child, ended } = project.start("apply", "-auto-approve", "-no-color");
    const id = await untilLocked(state);
    await waitUntil(() => existsSync(join(project.folder, "held")));
    child.kill("SIGKILL");
    await ended;
    expect(await project.fail("plan", "-no-color")).toContain(id);
    await project.succeed("force-unlock", "-force", id);
    await project.configure(`${data("a")}\n${data("c")}`);
    await project.succeed("apply", "-auto-approve", "-no-color");
    expect((await resourcesOf(state)).join()).toBe("a,c");
  });

  test("an apply whose lock is broken cannot overwrite what came after it", async () => {
    const project = await Project.create(binary(), state, data("a"));
    await project.succeed("init", "-no-color");
    await project.succeed("apply", "-auto-approve", "-no-color");
    const other = await Project.create(binary(), state, `${data("a")}\n${data("other")}`);
    await other.succeed("init", "-no-color");
    await project.configure(`${data("a")}\n${held("late")}`);
    const late = project.run("apply", "-auto-approve", "-no-color");
    const id = await untilLocked(state);
    await other.succeed("force-unlock", "-force", id);
    await other.succeed("apply", "-auto-approve", "-no-color");
    await writeFile(join(project.folder, "go-on"), "");
    expect((await late).exitCode).not.toBe(0);
    expect((await resourcesOf(state)).join()).toBe("a,other");
    expect(existsSync(join(project.folder, "errored.tfstate"))).toBe(true);
  });

  test("state push and pull: older and foreign states are refused, with -force only by an override", async () => {
    const project = await Project.create(binary(), state, data("a"));
    await project.succeed("init", "-no-color");
    await project.succeed("apply", "-auto-approve", "-no-color");
    const first = await project.succeed("state", "pull");
    expect(JSON.parse(first).resources.length).toBe(1);
    await project.configure(`${data("a")}\n${data("b")}`);
    await project.succeed("apply", "-auto-approve", "-no-color");
    await writeFile(join(project.folder, "first.json"), first);
    await project.fail("state", "push", "first.json");
    const foreign = JSON.stringify({ ...JSON.parse(first), lineage: "00000000-0000-0000-0000-000000000000" });
    await writeFile(join(project.folder, "foreign.json"), foreign);
    await project.fail("state", "push", "-force", "foreign.json");
    expect((await resourcesOf(state)).join()).toBe("a,b");
    expectUnlocked(await state.holder());
    await state.admin("POST", "/override", { allow: ["lineage", "serial"], reason: "push -force" });
    await project.succeed("state", "push", "-force", "foreign.json");
    expect((await resourcesOf(state)).join()).toBe("a");
  });

  test("init -migrate-state: from a local state into an empty one, and out again", async () => {
    const project = await Project.create(binary(), state, data("a"), "local");
    await project.succeed("init", "-no-color");
    await project.succeed("apply", "-auto-approve", "-no-color");
    await project.configure(data("a"));
    await project.succeed("init", "-migrate-state", "-force-copy", "-no-color");
    expect((await project.run("plan", "-detailed-exitcode", "-no-color")).exitCode).toBe(0);
    expect((await resourcesOf(state)).join()).toBe("a");
    await project.configure(data("a"), "local");
    await project.succeed("init", "-migrate-state", "-force-copy", "-no-color");
    expect(
      JSON.parse(await readFile(join(project.folder, "terraform.tfstate"), "utf8")).resources.length,
    ).toBe(1);
    expect((await project.run("plan", "-detailed-exitcode", "-no-color")).exitCode).toBe(0);
  });

  test("init -migrate-state onto a state of another lineage needs an override", async () => {
    const first = await Project.create(binary(), state, data("a"));
    await first.succeed("init", "-no-color");
    await first.succeed("apply", "-auto-approve", "-no-color");
    const local = await Project.create(binary(), state, data("b"), "local");
    await local.succeed("init", "-no-color");
    await local.succeed("apply", "-auto-approve", "-no-color");
    await local.configure(data("b"));
    await local.fail("init", "-migrate-state", "-force-copy", "-no-color");
    expect((await resourcesOf(state)).join()).toBe("a");
    await state.admin("POST", "/override", { allow: ["lineage"], reason: "migration" });
    await local.succeed("init", "-migrate-state", "-force-copy", "-no-color");
    expect((await resourcesOf(state)).join()).toBe("b");
  });

  test("GitLab's methods, POST to lock and DELETE to unlock, do what LOCK and UNLOCK do", async () => {
    const methods = 'lock_method = "POST"\n    unlock_method = "DELETE"';
    const configuration = (resources: string) =>
      `terraform {\n  backend "http" {\n    ${httpBackend(state)}\n    ${methods}\n  }\n}\n${resources}\n`;
    const project = await Project.create(binary(), state, "");
    await project.write(configuration(data("a")));
    await project.succeed("init", "-no-color");
    await project.succeed("apply", "-auto-approve", "-no-color");
    expectUnlocked(await state.holder());
    const info = lockInfo("carol@elsewhere");
    await state.lock(info);
    expect(await project.fail("plan", "-no-color")).toContain(info.ID);
    await project.succeed("force-unlock", "-force", info.ID);
    await project.write(configuration(data("b")));
    await project.succeed("apply", "-auto-approve", "-no-color");
    expect((await resourcesOf(state)).join()).toBe("b");
  });

  test("a lock_method that takes no lock is an error, which OpenTofu shows, and nothing is written", async () => {
    const project = await Project.create(binary(), state, "");
    const method = 'lock_method = "PATCH"';
    await project.write(
      `terraform {\n  backend "http" {\n    ${httpBackend(state)}\n    ${method}\n  }\n}\n${data("a")}\n`,
    );
    await project.succeed("init", "-no-color");
    // Terraform prints its own LockInfo instead of the one in the answer, and waits for itself where it may wait.
    const timeout = client === "OpenTofu" ? ["-lock-timeout=600s"] : [];
    const said = await project.fail("apply", "-auto-approve", "-no-color", ...timeout);
    if (client === "OpenTofu") expect(said).toMatch(/PATCH is not possible at .*; use one of .*LOCK/s);
    expectNoState(await state.get());
  });

  test.each(["/lock", "/versions/nope", "/versions", "/backup"])(
    "an address that ends in %s by mistake is an error, and never a plan that creates everything again",
    async (below) => {
      await state.post(stateBody({ serial: 1, resources: ["a"] }));
      const project = await Project.create(binary(), state, "");
      const { url, username } = state.target;
      await project.write(
        `terraform {\n  backend "http" {\n    address = "${url}${state.path}${below}"\n    username = "${username}"\n  }\n}\n${data("a")}\n`,
      );
      const init = await project.run("init", "-no-color");
      const plan = await project.run("plan", "-no-color");
      expect({ init: init.exitCode, plan: plan.exitCode }).not.toMatchObject({ plan: 0 });
      expect(`${init.all}${plan.all}`).not.toMatch(/to add|will be created/);
    },
  );

  test("a wrong password is an error, and never a plan that creates everything again", async () => {
    const project = await Project.create(binary(), state, data("a"));
    await project.succeed("init", "-no-color");
    await project.succeed("apply", "-auto-approve", "-no-color");
    const stranger = await Project.create(
      binary(),
      new State(worker.as("owner", "wrong"), state.name),
      data("a"),
    );
    expect(await stranger.fail("init", "-no-color")).not.toContain("successfully initialized");
  });

  test("four applies at once: one after the other, and nothing is lost", async () => {
    const first = await Project.create(binary(), state, "");
    await first.succeed("init", "-no-color");
    const applies = Array.from({ length: 4 }, async (_, at) => {
      const project = await Project.create(binary(), state, data(`r${at}`));
      await project.succeed("init", "-no-color");
      await project.succeed(
        "apply",
        "-auto-approve",
        "-no-color",
        "-lock-timeout=180s",
        `-target=terraform_data.r${at}`,
      );
    });
    await Promise.all(applies);
    expect((await resourcesOf(state)).length).toBe(4);
  });
});

test("OpenTofu with state encryption: only sealed bytes arrive, and plaintext is refused from then on", async () => {
  const state = new State(worker.owner);
  const binary = process.env.TERRAFORM_BINARY_NAME ?? "tofu";
  const project = await Project.create(binary, state, data("hidden", "secret-value"), "http", encryption);
  await project.succeed("init", "-no-color");
  await project.succeed("apply", "-auto-approve", "-no-color");
  const stored = (await state.get()).text;
  expect(stored).toContain("encrypted_data");
  expect(stored).not.toContain("secret-value");
  expect(stored).not.toContain("hidden");
  expect((await project.run("plan", "-detailed-exitcode", "-no-color")).exitCode).toBe(0);
  await project.configure(data("hidden", "another"), "http", encryption);
  await project.succeed("apply", "-auto-approve", "-no-color");
  const [version] = jsonList(await state.send("GET", "/versions"));
  expect(version?.encrypted).toBe(true);
  expect(
    (await state.post(JSON.stringify({ version: 4, serial: 99, lineage: version?.lineage, resources: [] })))
      .status,
  ).toBe(409);
  expect((await project.run("plan", "-detailed-exitcode", "-no-color")).exitCode).toBe(0);
});
