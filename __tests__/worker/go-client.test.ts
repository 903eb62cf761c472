import { join } from "node:path";
import fc from "fast-check";
import { runGroup } from "../../process/process-group";
import { NotAState } from "../../worker/src/state/json-reader";
import { type ScannedState, StateScanner } from "../../worker/src/state/state-scanner";
import { GoClient, hasGo, type Verdict } from "./support/go-client";
import { oddStates } from "./support/odd-states";

/*
 * The scanner against Go's encoding/json with OpenTofu's structs: what a client would read differently, or could not
 * read, is refused; what a client writes is accepted.
 */

let client: GoClient | null = null;
beforeAll(async () => {
  // Without Go there is nothing to compare with; in CI that is a failure.
  if ((await hasGo()) || process.env.CI === "true") client = await GoClient.start();
  else console.warn("go is not on PATH: the scanner was not compared with encoding/json");
});
afterAll(() => client?.stop());

/** What the scanner finds in a new version, or why it is refused. */
function scan(document: Uint8Array): ScannedState | string {
  const scanner = new StateScanner();
  try {
    scanner.push(document);
    return scanner.defect() ?? scanner.finish();
  } catch (error) {
    if (error instanceof NotAState) return error.message;
    throw error;
  }
}

/**
 * What we refuse knowingly: what no number of JavaScript is, and no lineage at all. A negative serial can be read beside a ciphertext, but
 * is never written: a client copies it from the state within, where it is a uint64.
 */
const isRefusedKnowingly = ({ serial, lineage }: Verdict): boolean =>
  serial === "" || BigInt(serial) < 0 || BigInt(serial) > Number.MAX_SAFE_INTEGER || lineage === "";

function expectSame(scanned: ScannedState, verdict: Verdict): void {
  expect(verdict).toMatchObject({
    encrypted: scanned.encrypted,
    plain: !scanned.encrypted,
    serial: String(scanned.serial),
    lineage: scanned.lineage,
  });
  if (scanned.resources) expect([...scanned.resources]).toEqual([...(verdict.resources ?? [])].sort());
}

test("a state that is accepted is the same to Go; what Go would write of one that it reads is accepted", async () => {
  if (client === null) return;
  const go = client;
  let accepted = 0;
  let rewritten = 0;
  await fc.assert(
    fc.asyncProperty(oddStates, async (document) => {
      const verdict = await go.judge(document);
      const scanned = scan(document);
      if (typeof scanned !== "string") {
        accepted++;
        expectSame(scanned, verdict);
      }
      if (verdict.rewritten === null || (verdict.encrypted && verdict.plain) || isRefusedKnowingly(verdict))
        return;
      rewritten++;
      const written = Buffer.from(verdict.rewritten, "base64");
      const again = scan(written);
      if (typeof again === "string") throw new Error(`refused, because ${again}: ${written}`);
      expectSame(again, verdict);
    }),
    { numRuns: 3000 },
  );
  // Else the states are so odd that nothing was compared.
  expect(Math.min(accepted, rewritten)).toBeGreaterThan(500);
});

test("the Go program is formatted and vetted", async () => {
  if (client === null) return;
  const cwd = join(__dirname, "support/go-client");
  expect(await runGroup("gofmt", ["-l", "."], { cwd })).toMatchObject({ exitCode: 0, output: "" });
  const env = { ...process.env, CGO_ENABLED: "0", GOWORK: "off" };
  expect(await runGroup("go", ["vet", "."], { cwd, env })).toMatchObject({ exitCode: 0, output: "" });
});
