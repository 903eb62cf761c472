import { TerraformOutput } from "cdktf";
import { StateBucket } from "../../constructs/state-bucket";
import { StateToken, type StateTokenProps } from "../../constructs/state-token";
import { ACCOUNT, synthOnCloudflare } from "../support/cloudflare";

function token(props: Partial<StateTokenProps> = {}, jurisdiction?: "eu" | "fedramp") {
  const template = synthOnCloudflare((stack) => {
    const bucket = new StateBucket(stack, "state", {
      accountId: ACCOUNT,
      bucketName: "tfstate",
      jurisdiction,
    });
    const made = new StateToken(stack, "s3", { bucket, ...props });
    for (const key of ["accessKeyId", "secretAccessKey"] as const) {
      new TerraformOutput(stack, key, { value: made[key], sensitive: true, staticId: true });
    }
  });
  return { ...template, token: template.resource.cloudflare_account_token?.s3 ?? {} };
}

test.each([
  [undefined, "default"],
  ["eu", "eu"],
  ["fedramp", "fedramp"],
] as const)("jurisdiction %s: the objects of that one bucket, and nothing else", (jurisdiction, inKey) => {
  const { token: made } = token({}, jurisdiction);
  const [policy, ...others] = made.policies as { resources: string }[];
  expect(others).toEqual([]);
  expect(policy).toMatchObject({
    effect: "allow",
    permission_groups: [{ id: "2efd5506f9c8494dacb1fa10a3e7d5b6" }],
  });
  expect(policy?.resources).toBe(`{"com.cloudflare.edge.r2.bucket.${ACCOUNT}_${inKey}_tfstate":"*"}`);
  expect(made.depends_on).toEqual(["cloudflare_r2_bucket.state"]);
});

test("reading only, with an end, from one network", () => {
  const { token: made } = token({
    tokenName: "ci",
    access: "read",
    expiresOn: "2027-01-31T00:00:00Z",
    allowedCidrs: ["192.0.2.0/24"],
  });
  expect(made).toMatchObject({
    name: "ci",
    expires_on: "2027-01-31T00:00:00Z",
    condition: { request_ip: { in: ["192.0.2.0/24"] } },
    policies: [{ permission_groups: [{ id: "6a018a9f2fc74eb6b293b0c548f38b39" }] }],
  });
});

test("the S3 key pair is the id and the hash of the value", () => {
  expect(token().output).toMatchObject({
    accessKeyId: { value: "${cloudflare_account_token.s3.id}" },
    secretAccessKey: { value: "${sha256(cloudflare_account_token.s3.value)}" },
  });
});

test.each(["tomorrow", "2027-13-01T00:00:00Z", "2027-01-31", "2027-01-31T00:00:00.000Z"])(
  "refuses the end %s",
  (expiresOn) => {
    expect(() => token({ expiresOn })).toThrow(`token "s3": expiresOn "${expiresOn}" is not a time`);
  },
);
