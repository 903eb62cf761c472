import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measure, measureCpu, measureNode, type Sample, takeTurns } from "../../bench/measure";
import { judge } from "../../bench/report";
import { ratios, spread } from "../../bench/statistics";

const folder = mkdtempSync(join(tmpdir(), "measure-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function program(source: string) {
  const file = join(folder, "program.js");
  writeFileSync(file, source);
  return { file: "node", args: [file], cwd: folder, env: { PATH: process.env.PATH } };
}

test("time, CPU time and peak memory of a Node program are its own", async () => {
  const idle = await measureNode(program("setTimeout(() => undefined, 300)"));
  const busy = await measureNode(
    program("const kept = Buffer.alloc(300 * 2 ** 20, 1); for (let i = 0; i < 4e8; i++) kept.length"),
  );
  expect(idle.wallMs).toBeGreaterThanOrEqual(300);
  expect(busy.cpuMs).toBeGreaterThan(idle.cpuMs ?? Number.NaN);
  expect(busy.peakMiB).toBeGreaterThan((idle.peakMiB ?? Number.NaN) + 250);
});

test("CPU time of any program is that of the processes too that it waits for", async () => {
  const idle = await measureCpu(program("setTimeout(() => undefined, 300)"));
  const busy = await measureCpu(
    program(
      "require('node:child_process').execFileSync(process.execPath, ['-e', 'for (let i = 0; i < 2e9; i++);'])",
    ),
  );
  expect(idle.wallMs).toBeGreaterThanOrEqual(300);
  expect(busy.cpuMs).toBeGreaterThan((idle.cpuMs ?? Number.NaN) + 100);
  await expect(measureCpu(program("process.exit(3)"))).rejects.toThrow("ended with 3");
});

test("a program that fails is an error with what it said, never a fast run", async () => {
  await expect(measure(program("console.error('no such cluster'); process.exit(3)"))).rejects.toThrow(
    /ended with 3.*no such cluster/s,
  );
});

test("contestants take turns, and the first round does not count", async () => {
  const order: string[] = [];
  const contestant = (name: string) => ({
    name,
    run: async (): Promise<Sample> => ({ wallMs: order.push(name) }),
  });
  const samples = await takeTurns([contestant("a"), contestant("b")], 2);
  expect(order).toEqual(["a", "b", "a", "b", "a", "b"]);
  expect(samples.get("a")).toEqual([{ wallMs: 3 }, { wallMs: 5 }]);
});

test("medians, and ratios within a round", () => {
  expect(spread([5, 1, 3])).toEqual({ min: 1, median: 3, max: 5 });
  expect(spread([4, 1, 2, 9])).toEqual({ min: 1, median: 3, max: 9 });
  expect(() => spread([])).toThrow("no values");
  expect(ratios([2, 30, 4], [1, 10, 4])).toEqual({ min: 1, median: 2, max: 3 });
});

test("the median decides whether an aim is met", () => {
  const found = { min: 0.9, median: 1.31, max: 2 };
  expect(judge([{ text: "six nodes", limit: 1.3, found }])).toBe("- six nodes: missed, 1.31 × (0.90–2.00)");
  expect(judge([{ text: "six nodes", limit: 1.31, found }])).toContain("met");
});
