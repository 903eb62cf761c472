import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, TerraformOutput, TerraformResource, TerraformStack } from "cdktf";
import { stateBeside } from "../../config/state-location";
import { R2_ITEM_PERMISSIONS } from "../../constructs/state-token";
import type { StateProps } from "../../stacks/cluster-stack-props";
import { configureState } from "../../stacks/configure-state";
import { startCloudflare } from "../../stand-ins/cloudflare";
import { R2Client } from "../../state/r2-client";
import { startWorker } from "../../worker/runtime";
import { QUICK_KEY } from "../support/quick-key";
import { TofuProject } from "../support/tofu-project";

const SECRET = "made-by-the-first-stack";
const PASSWORD = "password of the Worker";
const folder = mkdtempSync(join(tmpdir(), "cross-stack-"));
const atEnd: (() => Promise<void> | void)[] = [() => rmSync(folder, { recursive: true, force: true })];
afterAll(async () => {
  for (const end of atEnd) await end();
});

interface Place {
  readonly state: StateProps;
  readonly env: Readonly<Record<string, string>>;
  /** The bytes that the backend keeps of a stack. */
  stored(stack: string): Promise<string>;
}

const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  local: async () => ({
    state: { backend: "local", path: join(folder, "first.tfstate") },
    env: {},
    stored: async (stack) => readFileSync(join(folder, `${stack}.tfstate`), "utf8"),
  }),
  r2: async () => {
    const cloudflare = await startCloudflare({ folder: join(folder, "cloudflare") });
    atEnd.push(() => cloudflare.close());
    const { apiUrl, accountId, apiToken, s3Url } = cloudflare;
    const make = async (path: string, body: object): Promise<Record<string, string>> => {
      const headers = { authorization: `Bearer ${apiToken}`, "content-type": "application/json" };
      const url = `${apiUrl}/accounts/${accountId}${path}`;
      const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
      return ((await response.json()) as { result: Record<string, string> }).result;
    };
    await make("/r2/buckets", { name: "tfstate" });
    const resources = { [`com.cloudflare.edge.r2.bucket.${accountId}_default_tfstate`]: "*" };
    const permission_groups = [{ id: R2_ITEM_PERMISSIONS.write }];
    const policies = [{ effect: "allow", permission_groups, resources }];
    const { id: accessKeyId = "", value = "" } = await make("/tokens", { name: "s3", policies });
    const secretAccessKey = createHash("sha256").update(value).digest("hex");
    const client = new R2Client(s3Url, "tfstate", { accessKeyId, secretAccessKey });
    return {
      state: { backend: "r2", key: "states/first.tfstate" },
      env: {
        ...cloudflare.env,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
      },
      stored: async (stack) =>
        String(Buffer.from((await client.get(`states/${stack}.tfstate`))?.bytes ?? [])),
    };
  },
  worker: async () => {
    const vars = { TFSTATE_USERNAME: "me", TFSTATE_PASSWORD: PASSWORD };
    const { miniflare, url } = await startWorker({ vars });
    atEnd.push(() => miniflare.dispose());
    const states = `${url.origin}/states`;
    const headers = { authorization: `Basic ${Buffer.from(`me:${PASSWORD}`).toString("base64")}` };
    return {
      state: { backend: "worker", url: `${states}/first` },
      env: { TF_HTTP_USERNAME: "me", TF_HTTP_PASSWORD: PASSWORD },
      stored: async (stack) => (await fetch(`${states}/${stack}`, { headers })).text(),
    };
  },
};

/** Two stacks, of which the second one takes a value from the first; both are encrypted. */
function synthesize(state: StateProps) {
  const outdir = mkdtempSync(join(folder, "out-"));
  const app = new App({ outdir });
  const data = (stack: TerraformStack, input: string) => {
    const resource = new TerraformResource(stack, "data", { terraformResourceType: "terraform_data" });
    resource.addOverride("input", input);
    return resource.getStringAttribute("output");
  };
  const first = new TerraformStack(app, "first");
  configureState(first, state);
  const second = new TerraformStack(app, "second");
  configureState(second, stateBeside(state, "second"));
  const taken = data(second, data(first, SECRET));
  new TerraformOutput(second, "taken", { value: taken, sensitive: true, staticId: true });
  app.synth();
  return (stack: string) =>
    JSON.parse(readFileSync(join(outdir, "stacks", stack, "cdk.tf.json"), "utf8")) as object;
}

test.each(Object.entries(PLACES))(
  "%s: a value from another stack's encrypted state",
  async (place, makePlace) => {
    const { state, env, stored } = await makePlace();
    const template = synthesize(state);
    const project = (stack: string) => {
      const made = new TofuProject({
        ...env,
        TF_VAR_state_passphrase: "correct horse battery staple",
        // Once with the passphrase itself: how a key is made does not depend on the place.
        ...(place !== "local" && { TF_ENCRYPTION: QUICK_KEY }),
      });
      atEnd.push(() => made.remove());
      return made.write(template(stack));
    };
    const [first, second] = [project("first"), project("second")];
    for (const each of [first, second]) {
      await each.ok("init", "-input=false");
      await each.ok("apply", "-input=false", "-auto-approve");
    }

    const { output } = await second.ok("output", "-raw", "taken");
    expect(output.trim()).toBe(SECRET);
    expect((await second.plan()).exitCode).toBe(0);
    for (const stack of ["first", "first-second"]) {
      expect(await stored(stack)).toContain("encrypted_data");
      expect(await stored(stack)).not.toContain(SECRET);
    }
  },
);
