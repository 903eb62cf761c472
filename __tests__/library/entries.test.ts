import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Construct } from "constructs";
import * as cloudflare from "../../cloudflare";
import * as main from "../../index";
import { deployableWorker } from "../../worker/deployable";

/** The constructs of a module. */
function constructsOf(module: object): string[] {
  return Object.entries(module)
    .filter(([, value]) => typeof value === "function" && value.prototype instanceof Construct)
    .map(([name]) => name);
}

test("each construct and stack is exported by one of the two entries", () => {
  const files = ["constructs", "stacks"].flatMap((place) => {
    const folder = join(__dirname, "../..", place);
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
    return files.filter((name) => name.endsWith(".ts")).map((name) => join(folder, name));
  });
  const all = new Set(files.flatMap((file) => constructsOf(require(file))));
  expect(all.size).toBeGreaterThan(15);
  expect([...constructsOf(main), ...constructsOf(cloudflare)].sort()).toEqual([...all].sort());
});

test("what does not concern Cloudflare does without the bindings of its provider", () => {
  jest.isolateModules(() => {
    jest.doMock("@cdktf/provider-cloudflare/lib/provider", () => {
      throw new Error("not installed");
    });
    expect(require("../../index")).toHaveProperty("ClusterStack");
    expect(() => require("../../cloudflare")).toThrow("not installed");
  });
});

test("the packaged Worker is the one that this program deploys", async () => {
  const deployed = await deployableWorker();
  expect(cloudflare.packagedWorker()).toEqual(deployed);
});
