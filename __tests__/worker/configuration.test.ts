import type { Readable } from "node:stream";
import { bundleWorker } from "../../worker/build";
import { compatibilityDate, compatibilityFlags } from "../../worker/compatibility";
import { startMiniflare } from "../../worker/miniflare";
import { expectProblem } from "./conformance/case";
import { send } from "./conformance/client";
import { startTestWorker } from "./support/harness";

describe("configuration", () => {
  const health = async (vars: Record<string, string>) => {
    const unconfigured = await startTestWorker({ vars });
    try {
      return {
        health: await send(unconfigured.owner, "GET", "/health"),
        state: await send(unconfigured.owner, "GET", "/states/x"),
        open: await send(unconfigured.owner, "GET", "/states/x", { headers: { authorization: "" } }),
      };
    } finally {
      await unconfigured.miniflare.dispose();
    }
  };

  test.each([
    ["nothing", { TFSTATE_USERNAME: "", TFSTATE_PASSWORD: "" }],
    ["a user name alone", { TFSTATE_USERNAME: "owner", TFSTATE_PASSWORD: "" }],
    ["users that are not JSON", { TFSTATE_USERS: "alice:secret-of-alice" }],
    ["a user with a typing error", { TFSTATE_USERS: '[{"name":"a","pasword":"secret-of-alice"}]' }],
    [
      "a hash that the runtime cannot compute",
      { TFSTATE_PASSWORD: `pbkdf2-sha256$600000$${"A".repeat(22)}$${"A".repeat(43)}` },
    ],
    ["a password that would be a token", { TFSTATE_PASSWORD: "tfs_secret-of-alice" }],
    ["two users of one name", { TFSTATE_USERS: '[{"name":"owner","password":"secret-of-alice"}]' }],
    [
      "a pattern of too many stars",
      { TFSTATE_USERS: `[{"name":"a","password":"secret-of-alice","states":["${"*a".repeat(11)}"]}]` },
    ],
    ["a reserved namespace", { TFSTATE_USERNAME: "history" }],
    ["a pre-shared key that is short", { TFSTATE_PSK: "short" }],
    ["days that are no number", { TFSTATE_KEEP_DAYS: "90d" }],
    ["a policy of encryption that there is not", { TFSTATE_ENCRYPTION: "requried" }],
    ["a base path that no path can have", { TFSTATE_BASE_PATH: "/tf state" }],
  ])("with %s the Worker is locked and says why, without a secret", async (_, vars) => {
    const replies = await health(vars);
    for (const reply of Object.values(replies)) {
      expectProblem(reply, 503);
      expect(reply.text).not.toContain("secret-of-alice");
    }
  });

  test("an empty namespace of the pre-shared key is none, as with the other variables", async () => {
    const replies = await health({
      TFSTATE_USERNAME: "",
      TFSTATE_PASSWORD: "",
      TFSTATE_PSK: "a key of enough length",
      TFSTATE_PSK_NAMESPACE: "",
    });
    expect(replies.health.status).toBe(200);
    expect(replies.open.status).toBe(401);
  });

  test("without a binding, as where a later Worker has one more, nothing is served", async () => {
    const miniflare = await startMiniflare({
      modules: [{ type: "ESModule", path: "index.mjs", contents: await bundleWorker() }],
      compatibilityDate,
      compatibilityFlags: [...compatibilityFlags],
      bindings: { TFSTATE_USERNAME: "owner", TFSTATE_PASSWORD: "secret-of-alice" },
      r2Buckets: ["BUCKET"],
      handleRuntimeStdio: (...streams: readonly Readable[]) => {
        for (const stream of streams) stream.resume();
      },
      durableObjects: { STATE: "StateObject", DIRECTORY: { className: "Directory", useSQLite: true } },
    });
    try {
      for (const path of ["/health", "/states/x"]) {
        const answer = await miniflare.dispatchFetch(`http://localhost${path}`);
        expect(answer.status).toBe(503);
        expect(await answer.text()).toContain("the binding PASSWORDS is missing");
      }
    } finally {
      await miniflare.dispose();
    }
  });
});
