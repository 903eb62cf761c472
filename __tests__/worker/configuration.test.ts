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
});
