import { R2Backend } from "../../constructs/r2-backend";
import { TfstateWorkerBackend } from "../../constructs/tfstate-worker-backend";
import { ACCOUNT } from "../support/cloudflare-account";
import { synth } from "../support/synth";

test("R2: every flag that it needs, a lock, and no credential", () => {
  const { terraform } = synth((stack) => {
    new R2Backend(stack, { bucket: "tfstate", key: "proxmox/terraform.tfstate", accountId: ACCOUNT });
  });
  expect(terraform.backend).toEqual({
    s3: {
      bucket: "tfstate",
      key: "proxmox/terraform.tfstate",
      region: "auto",
      endpoints: { s3: `https://${ACCOUNT}.r2.cloudflarestorage.com` },
      use_path_style: true,
      use_lockfile: true,
      skip_credentials_validation: true,
      skip_metadata_api_check: true,
      skip_region_validation: true,
      skip_requesting_account_id: true,
      skip_s3_checksum: true,
    },
  });
});

test("R2: a jurisdiction has an endpoint of its own", () => {
  const { terraform } = synth((stack) => {
    new R2Backend(stack, { bucket: "tfstate", key: "k", accountId: ACCOUNT, jurisdiction: "eu" });
  });
  expect(terraform.backend).toMatchObject({
    s3: { endpoints: { s3: `https://${ACCOUNT}.eu.r2.cloudflarestorage.com` } },
  });
});

test("R2: without an account the endpoint is left to the environment", () => {
  const { terraform } = synth((stack) => {
    new R2Backend(stack, { bucket: "tfstate", key: "k" });
  });
  expect(terraform.backend?.s3).toMatchObject({ bucket: "tfstate", key: "k" });
  expect(terraform.backend?.s3).not.toHaveProperty("endpoints");
});

test("R2: an account id that is none is refused", () => {
  expect(() =>
    synth((stack) => {
      new R2Backend(stack, { bucket: "tfstate", key: "k", accountId: "my-account" });
    }),
  ).toThrow('R2 backend: accountId "my-account" is not a Cloudflare account id');
});

test("Worker: locks with LOCK and UNLOCK", () => {
  const { terraform } = synth((stack) => {
    new TfstateWorkerBackend(stack, { url: "https://tfstate.example.com/states/proxmox" });
  });
  expect(terraform.backend).toEqual({
    http: {
      address: "https://tfstate.example.com/states/proxmox",
      lock_address: "https://tfstate.example.com/states/proxmox/lock",
      lock_method: "LOCK",
      unlock_address: "https://tfstate.example.com/states/proxmox/lock",
      unlock_method: "UNLOCK",
    },
  });
});

test.each([
  ["https://host/states/x/", "does not end in /states/ and a name"],
  ["https://host", "does not end in /states/ and a name"],
  ["host/states/x", "is not an https URL"],
  ["http://host/states/x", "is not an https URL"],
])("Worker: refuses %s, which %s", (url, problem) => {
  expect(() =>
    synth((stack) => {
      new TfstateWorkerBackend(stack, { url });
    }),
  ).toThrow(`Worker backend: url "${url}" ${problem}`);
});
