import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runGroup } from "../../process/process-group";
import { ROOT } from "../support/running-program";
import { follow } from "./support/guide";

/* The guide from cdktf to cdktn, on a small program. That the package synthesizes the same on both is tested in __tests__/library. */

const PROGRAM = `const { App, TerraformStack, TerraformOutput } = require("cdktf");
const app = new App({ targetVersions: { opentofu: ">=1.11.0" } });
const stack = new TerraformStack(app, "cluster");
stack.addOverride("terraform.backend.s3", { bucket: "tfstate", key: "home.tfstate", use_lockfile: true });
stack.addOverride("resource.terraform_data.a", { input: "x" });
new TerraformOutput(stack, "a", { value: "\${terraform_data.a.output}" });
app.synth();
`;
const folder = mkdtempSync(join(tmpdir(), "cdktn-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("docs/migrations/cdktf-to-cdktn.md: the same program, and the same stacks before and after", async () => {
  const { devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const dependencies = { cdktf: devDependencies.cdktf, constructs: devDependencies.constructs };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies }));
  writeFileSync(join(folder, "main.js"), PROGRAM);
  const env = {
    ...process.env,
    npm_config_prefer_offline: "true",
    npm_config_audit: "false",
    npm_config_fund: "false",
  };
  expect(await runGroup("npm", ["install"], { cwd: folder, env })).toMatchObject({ exitCode: 0 });

  await follow("migrations/cdktf-to-cdktn.md", folder, env);
  const installed = JSON.parse(readFileSync(join(folder, "node_modules/cdktf/package.json"), "utf8"));
  expect(installed).toMatchObject({ name: "cdktn", version: "0.24.0" });
  for (const out of ["before", "after"])
    expect(existsSync(join(folder, out, "stacks/cluster/cdk.tf.json"))).toBe(true);
});
