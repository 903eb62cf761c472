import { backendVariables } from "../../bootstrap/credentials";

const worker = { backend: "worker", url: "https://tfstate.example.com/states/proxmox-bootstrap" } as const;
const r2 = { backend: "r2", bucket: "tfstate", key: "terraform-bootstrap.tfstate" } as const;

test("what the environment says for the backend comes before what the stack was given; what it has made, after it", () => {
  const http = { TF_HTTP_USERNAME: "me", TF_HTTP_PASSWORD: "of before" };
  const given = { TF_VAR_tfstate_username: "me", TF_VAR_tfstate_password: "of now" };
  const ofNow = { TF_HTTP_USERNAME: "me", TF_HTTP_PASSWORD: "of now" };
  expect(backendVariables(worker, { ...http, ...given })).toEqual([http, ofNow]);
  expect(backendVariables(worker, given)).toEqual([ofNow]);
  // After an apply, the Worker takes the password of before for a while.
  expect(backendVariables(worker, { ...http, ...given }, {})).toEqual([ofNow, http]);
  // The state is in the namespace of whoever has opened it.
  const ofCi = { TF_HTTP_USERNAME: "ci", TF_HTTP_PASSWORD: "of ci" };
  expect(backendVariables(worker, { ...ofCi, ...given }, {})).toEqual([ofCi, ofNow]);

  // Of a pair that ends soon; the one that was made has none.
  const pair = { AWS_ACCESS_KEY_ID: "mine", AWS_SECRET_ACCESS_KEY: "s" };
  const session = { AWS_SESSION_TOKEN: "of mine" };
  const made = { s3AccessKeyId: "made", s3SecretAccessKey: "t" };
  expect(backendVariables(r2, { ...pair, ...session }, made)).toEqual([
    { AWS_ACCESS_KEY_ID: "made", AWS_SECRET_ACCESS_KEY: "t", AWS_SESSION_TOKEN: "" },
    pair,
  ]);
  expect(backendVariables(r2, { ...pair, ...session })).toEqual([pair]);
});

test("half of a pair is none, and a hash is no password", () => {
  expect(backendVariables(r2, { AWS_ACCESS_KEY_ID: "mine" })).toEqual([]);
  const hash = "pbkdf2-sha256$100000$c2FsdA==$aGFzaA==";
  expect(backendVariables(worker, { TF_VAR_tfstate_username: "me", TF_VAR_tfstate_password: hash })).toEqual(
    [],
  );
});
