import * as cloudflare from "../../cloudflare";
import * as constructs from "../../constructs";
import * as main from "../../index";
import { deployableWorker } from "../../worker/deployable";

test("the two entries have every construct between them, each in one", () => {
  const [ofMain, ofCloudflare] = [Object.keys(main), Object.keys(cloudflare)];
  expect(
    Object.keys(constructs).filter((name) => !ofMain.includes(name) && !ofCloudflare.includes(name)),
  ).toEqual([]);
  expect(ofMain.filter((name) => ofCloudflare.includes(name))).toEqual([]);
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
