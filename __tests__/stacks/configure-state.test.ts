import { TerraformOutput, TerraformResource, TerraformStack } from "cdktf";
import { stateBeside } from "../../config/state-location";
import type { StateProps } from "../../stacks/cluster-stack-props";
import { configureState } from "../../stacks/configure-state";
import { ACCOUNT } from "../support/cloudflare-account";
import { newApp, synthStack, type Template, warningsOf } from "../support/synth";

const FLAGS = {
  region: "auto",
  use_path_style: true,
  skip_credentials_validation: true,
  skip_metadata_api_check: true,
  skip_region_validation: true,
  skip_requesting_account_id: true,
  skip_s3_checksum: true,
};

function stack(state: StateProps): { template: Template; warnings: string[] } {
  const made = new TerraformStack(newApp(), "test");
  configureState(made, state);
  new TerraformOutput(made, "nothing", { value: "" });
  return { template: synthStack(made), warnings: warningsOf(made) };
}

test("without a lock every other flag stays, and a warning says what that risks", () => {
  const { template, warnings } = stack({ backend: "r2", accountId: ACCOUNT, lock: false });
  expect(template.terraform.backend).toEqual({
    s3: {
      bucket: "tfstate",
      key: "proxmox/terraform.tfstate",
      endpoints: { s3: `https://${ACCOUNT}.r2.cloudflarestorage.com` },
      ...FLAGS,
    },
  });
  expect(warnings).toEqual([expect.stringContaining("applies do not lock the state (state.lock is false)")]);
  expect(stack({ backend: "r2" })).toMatchObject({
    template: { terraform: { backend: { s3: { use_lockfile: true } } } },
    warnings: [],
  });
});

/** A stack takes a value from another one: how it reads that one's state. */
function remoteState(state: StateProps) {
  const app = newApp();
  const first = new TerraformStack(app, "first");
  configureState(first, state);
  const second = new TerraformStack(app, "second");
  configureState(second, stateBeside(state, "second"));
  const source = new TerraformResource(first, "source", { terraformResourceType: "terraform_data" });
  new TerraformOutput(second, "taken", { value: source.getStringAttribute("output") });
  for (const each of [first, second]) each.prepareStack();
  const template = synthStack(second);
  const [read] = Object.values(template.data.terraform_remote_state ?? {});
  return { read, encryption: template.terraform.encryption };
}

test.each<[StateProps, object]>([
  [
    { backend: "r2", accountId: ACCOUNT, jurisdiction: "eu" },
    {
      backend: "s3",
      config: {
        bucket: "tfstate",
        key: "proxmox/terraform.tfstate",
        endpoints: { s3: `https://${ACCOUNT}.eu.r2.cloudflarestorage.com` },
        ...FLAGS,
      },
    },
  ],
  [
    { backend: "worker", url: "https://tfstate.example.com/states/first" },
    {
      backend: "http",
      config: expect.objectContaining({ address: "https://tfstate.example.com/states/first" }),
    },
  ],
  [
    { backend: "local", path: "/states/first.tfstate" },
    { backend: "local", config: { path: "/states/first.tfstate" } },
  ],
])("%j: the data source has what the backend has, and decrypts", (state, expected) => {
  const { read, encryption } = remoteState(state);
  expect(read).toMatchObject(expected);
  expect(JSON.stringify(read)).not.toMatch(/password|username|secret|access_key/);
  expect(encryption).toMatchObject({
    remote_state_data_sources: { default: { method: "method.aes_gcm.main" } },
  });
});
