import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { CallError } from "../../talos/errors";
import { type CallOptions, Talosctl, tableRows } from "../../talos/talosctl";
import { talosNode } from "./support/model-cluster";

/* With a program in the place of talosctl, for what the real one does seldom. */

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "talosctl-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const node = talosNode("cp-1", "controlplane", { apiEndpoint: "127.0.0.1:50001" });

function talosctl(script: string, signal = new AbortController().signal): Talosctl {
  const file = join(folder, "talosctl");
  writeFileSync(file, `#!/bin/sh\necho "$@" >${folder}/arguments\n${script}\n`);
  chmodSync(file, 0o755);
  return new Talosctl({ file, talosconfig: "/the/talosconfig", env: process.env, signal });
}
const run = (script: string, options?: CallOptions) => talosctl(script).run(node, ["version"], options);
const failure = (script: string, options?: CallOptions) =>
  run(script, options).catch((error: unknown) => error);

test("asks one node at its own endpoint, without credentials only where that was said", async () => {
  expect(await run("echo out; echo 'WARNING: 10.0.0.1: server version is older' >&2")).toBe("out\n");
  const args = () => readFileSync(join(folder, "arguments"), "utf8").trim();
  expect(args()).toBe("version --talosconfig /the/talosconfig --endpoints 127.0.0.1:50001 --nodes 10.0.0.1");
  await run("", { insecure: true });
  expect(args()).toBe("version --insecure --nodes 127.0.0.1:50001");
});

const RPC = "error getting version: rpc error: code = Unavailable desc = connection error: refused";
test.each([
  ["an exit code", `echo '${RPC}' >&2; exit 1`],
  ["an error beside the exit code 0", `echo '${RPC}' >&2`],
])("fails with %s, and says what the node has said", async (_, script) => {
  const error = await failure(script);
  expect(error).toBeInstanceOf(CallError);
  expect(error).toMatchObject({
    message: "cp-1 (127.0.0.1:50001): talosctl version: connection error: refused",
    code: "Unavailable",
  });
});

test("does not wait for ever, and stops with its signal", async () => {
  expect(await failure("sleep 60", { timeoutMs: 100 })).toMatchObject({
    message: "cp-1 (127.0.0.1:50001): talosctl version: no answer within 0.1 s",
  });
  const stop = new AbortController();
  const stopped = talosctl("sleep 60", stop.signal).run(node, ["version"]);
  stop.abort(new Error("Ctrl-C"));
  await expect(stopped).rejects.toThrow("Ctrl-C");
});

test("waits as long as its owner says, where a call does not say it itself", async () => {
  const file = join(folder, "talosctl");
  writeFileSync(file, "#!/bin/sh\nsleep 60\n");
  chmodSync(file, 0o755);
  const { signal } = new AbortController();
  const patient = new Talosctl({ file, talosconfig: "/its", env: process.env, signal, timeoutMs: 100 });
  await expect(patient.run(node, ["version"])).rejects.toThrow("no answer within 0.1 s");
  await expect(patient.run(node, ["version"], { timeoutMs: 200 })).rejects.toThrow("within 0.2 s");
});

test("reads resources one after the other, and says where one is another than expected", async () => {
  const document = (id: string) =>
    JSON.stringify({ metadata: { id, version: 2 }, spec: { stage: id } }, null, 4);
  const client = talosctl(`cat <<'E'\n${document("a")}\n${document("b")}\nE`);
  const type = "machinestatuses.runtime.talos.dev";
  expect(await client.resources(node, { type }, z.object({ stage: z.string() }))).toEqual([
    { id: "a", version: "2", spec: { stage: "a" } },
    { id: "b", version: "2", spec: { stage: "b" } },
  ]);
  await expect(client.resources(node, { type }, z.object({ stage: z.number() }))).rejects.toThrow(
    /^cp-1: talosctl get machinestatuses.*: stage: .*number/,
  );
});

test("a table has empty cells, and heads of two words", () => {
  const text =
    "NODE       DB SIZE   LEADER   ERRORS\n10.0.0.1   1.0 MB             no leader\n10.0.0.2   20 MB     1a\n";
  expect(tableRows(text)).toEqual([
    { NODE: "10.0.0.1", "DB SIZE": "1.0 MB", LEADER: "", ERRORS: "no leader" },
    { NODE: "10.0.0.2", "DB SIZE": "20 MB", LEADER: "1a", ERRORS: "" },
  ]);
  expect(tableRows("")).toEqual([]);
});
