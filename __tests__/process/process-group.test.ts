import { setTimeout as sleep } from "node:timers/promises";
import { runGroup, tail } from "../../process/process-group";

const sh = (script: string, options = {}) => runGroup("/bin/sh", ["-c", script], options);
const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test("gives lines as they come, the whole output, and any exit code", async () => {
  const lines: string[] = [];
  const result = await sh("echo one; echo two >&2; printf three; exit 3", {
    onLine: (line: string) => lines.push(line),
  });
  expect(lines.sort()).toEqual(["one", "three", "two"]);
  expect(result).toMatchObject({ exitCode: 3, stdout: "one\nthree" });
  expect(result.output).toContain("two");
});

test("throws when the program is missing", async () => {
  await expect(runGroup("/nowhere/program", [])).rejects.toThrow("ENOENT");
});

test("leaves nothing of a group behind, though its leader has ended", async () => {
  const { stdout } = await sh("sleep 600 >/dev/null 2>&1 & echo $!");
  while (isAlive(Number(stdout))) await sleep(10);
});

test("interrupts the group when aborted, and throws the reason", async () => {
  const stop = new AbortController();
  const lines: string[] = [];
  const run = sh("trap 'echo tidying up; exit 0' INT; echo ready; while :; do sleep 0.1; done", {
    signal: stop.signal,
    onLine: (line: string) => {
      lines.push(line);
      if (line === "ready") stop.abort(new Error("enough"));
    },
  });
  await expect(run).rejects.toThrow("enough");
  expect(lines).toEqual(["ready", "tidying up"]);
});

test("kills a group that does not heed the interrupt", async () => {
  const stop = new AbortController();
  const run = sh("trap '' INT; echo ready; while :; do sleep 1; done", {
    signal: stop.signal,
    graceMs: 100,
    onLine: () => stop.abort(new Error("enough")),
  });
  await expect(run).rejects.toThrow("enough");
});

test("does not start anything after the abort", async () => {
  await expect(sh("exit 0", { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
});

test("quotes the end of an output", () => {
  expect(tail("1\n2\n3\n\n", 2)).toBe("2\n3");
});
