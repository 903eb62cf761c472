import { waiting } from "../../process/waiting";

/* The clock is the test's own. */

let said = "";
const { isTTY } = process.stderr;

beforeEach(() => {
  said = "";
  jest.useFakeTimers();
  jest.spyOn(process.stderr, "write").mockImplementation((text) => {
    said += text;
    return true;
  });
});
afterEach(() => {
  process.stderr.isTTY = isTTY;
  jest.useRealTimers();
  jest.restoreAllMocks();
});

async function wait(seconds: number, isTerminal: boolean): Promise<string> {
  process.stderr.isTTY = isTerminal;
  const work = () => new Promise<string>((resolve) => setTimeout(() => resolve("done"), seconds * 1000));
  const result = waiting("reading", work);
  await jest.advanceTimersByTimeAsync(seconds * 1000);
  expect(await result).toBe("done");
  expect(jest.getTimerCount()).toBe(0);
  return said;
}

test("what takes less than two seconds is not mentioned", async () => {
  expect(await wait(1.9, true)).toBe("");
});

test("on a terminal, a line counts from two seconds on, and is gone at the end", async () => {
  expect(await wait(3.5, true)).toBe("\r\x1b[Kreading … 2s\r\x1b[Kreading … 3s\r\x1b[K");
});

test("elsewhere, a line is added every ten seconds", async () => {
  expect(await wait(25, false)).toBe("reading … 10s\nreading … 20s\n");
});

test("an error comes through, and no timer stays", async () => {
  const failing = waiting("reading", () => Promise.reject(new Error("no answer")));
  await expect(failing).rejects.toThrow("no answer");
  expect(jest.getTimerCount()).toBe(0);
});
