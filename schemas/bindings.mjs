// Generates .gen, the typed bindings, from the pinned provider schemas in this folder: offline, without Terraform or
// OpenTofu, and only when a schema, cdktf.json or the generator changed. npm runs it after an install (`prepare`).
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const schemas = dirname(fileURLToPath(import.meta.url));
const root = dirname(schemas);
const stamp = join(root, ".gen", "schemas.sha256");
const cli = join(root, "node_modules", "cdktf-cli", "package.json");

if (!existsSync(cli)) {
  console.error("no bindings generated: the dev dependencies are not installed");
} else {
  const wanted = hashOfInputs();
  const found = existsSync(stamp) ? readFileSync(stamp, "utf8") : "";
  if (found !== wanted) generate(wanted);
}

function hashOfInputs() {
  const { terraformProviders } = JSON.parse(readFileSync(join(root, "cdktf.json"), "utf8"));
  // "bpg/proxmox@0.111.1" has its schema in proxmox@0.111.1.json
  const inputs = terraformProviders.map((provider) => join(schemas, `${provider.split("/").pop()}.json`));
  const hash = createHash("sha256");
  for (const file of [join(root, "cdktf.json"), cli, ...inputs]) hash.update(readFileSync(file));
  return hash.digest("hex");
}

function generate(hash) {
  const started = Date.now();
  console.error("generating the provider bindings from schemas/ …");
  rmSync(stamp, { force: true }); // a run that is cut off is done again
  // cdktf asks a terraform for its version, if there is one; the answer does not matter, nor does its configuration.
  const { TF_CLI_CONFIG_FILE, ...env } = process.env;
  const { status, error, stdout, stderr } = spawnSync(
    "cdktf",
    ["get", "--force", `--experimental-provider-schema-cache-path=${schemas}`],
    {
      cwd: root,
      env: {
        ...env,
        CHECKPOINT_DISABLE: "1",
        PATH: `${join(root, "node_modules", ".bin")}${delimiter}${env.PATH}`,
      },
      encoding: "utf8",
      maxBuffer: 2 ** 26,
    },
  );
  if (status !== 0) {
    console.error(
      `${stdout ?? ""}${stderr ?? ""}cdktf get failed: ${error?.message ?? `exit code ${status}`}`,
    );
    process.exit(1);
  }
  writeFileSync(stamp, hash);
  console.error(`bindings generated in ${((Date.now() - started) / 1000).toFixed(1)}s`);
}
