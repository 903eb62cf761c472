import { startTalos } from "../../../stand-ins/talos";
import { configCheck, resolveConfigChecker } from "../../../stand-ins/talos-config";
import { BAD_CONFIGS } from "../talos-config/support/bad-configs";
import { goodConfig } from "../talos-config/support/good-config";
import { TalosClient } from "./support/client";

it("a node refuses what Talos refuses, in its words", async () => {
  const checker = await resolveConfigChecker("1.13");
  const talos = await startTalos({ nodes: [{ name: "cp-1" }], checkConfig: configCheck(() => checker) });
  const client = TalosClient.insecure(talos.nodes[0]?.endpoint ?? "");
  const dryRun = (config: string) =>
    client.unary("ApplyConfiguration", { mode: "AUTO", dryRun: true, data: Buffer.from(config) }).then(
      () => "",
      (error: Error) => error.message,
    );
  try {
    const good = await goodConfig();
    expect(await dryRun(good)).toBe("");
    for (const { change, refused } of BAD_CONFIGS) {
      if (refused)
        expect(await dryRun(change(good))).toMatch(new RegExp(`INVALID_ARGUMENT.*${refused.source}`, "s"));
    }
    expect(talos.control.listNodes()[0]).toMatchObject({ condition: "MAINTENANCE" });
  } finally {
    client.close();
    await talos.stop();
  }
});
