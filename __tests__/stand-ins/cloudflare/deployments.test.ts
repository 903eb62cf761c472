import { Account } from "../../../stand-ins/cloudflare/account";
import { WorkersRuntime } from "../../../stand-ins/cloudflare/runtime/runtime";
import type { Schedules } from "../../../stand-ins/cloudflare/runtime/schedules";
import { R2Gateway } from "../../../stand-ins/cloudflare/s3";
import { Deployments } from "../../../stand-ins/cloudflare/workers/deployments";
import { metadata } from "../../../stand-ins/cloudflare/workers/upload";
import { StandIns } from "./support/cloudflare";

const standIns = new StandIns();
afterAll(() => standIns.end());

test("a script that does not run is never saved, even if the account is saved during the upload", async () => {
  const folder = standIns.newFolder();
  const account = new Account(folder, undefined);
  const runtime = new WorkersRuntime(account, folder, undefined);
  const schedules = { update: () => undefined } as Schedules;
  const deployments = new Deployments(account, runtime, schedules, folder);
  const contents = Buffer.from("export default { fetch: () => new Response() }").toString("base64");
  const modules = [{ name: "index.mjs", contentType: "application/javascript+module", contents }];
  const upload = { metadata: metadata.parse({}), mainModule: "index.mjs", modules };

  // In the middle of the start.
  jest.spyOn(R2Gateway.prototype, "worker").mockImplementationOnce(() => {
    account.save();
    throw new Error("it does not start");
  });
  await expect(deployments.upload("bad", upload)).rejects.toThrow("it does not start");
  expect(new Account(folder, undefined).state.scripts).toEqual({});

  await deployments.upload("bad", upload);
  expect(Object.keys(new Account(folder, undefined).state.scripts)).toEqual(["bad"]);
  await runtime.stop();
});
