import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { inheritedEnv } from "../../support/inherited-env";
import { ROOT } from "../../support/running-program";

/**
 * What cdktf does for `synth`, `diff` and `deploy`, in a third of the time: a synth where the files have changed, an init where there was
 * none, then a plan in the file that cdktf leaves, or an apply. The guide of the Worker runs cdktf itself.
 */
const SHORT_CDKTF = `#!/bin/sh
set -e
command=$1 stack=$2
{ [ -z "$CLUSTER_CONFIG" ] && [ cdktf.out/manifest.json -nt cluster.yaml ]; } || node --require ./fast-ts.cjs main.ts
[ "$command" = synth ] && exit
cd cdktf.out/stacks/$stack
[ -d .terraform ] || "$TERRAFORM_BINARY_NAME" init -input=false
if [ "$command" = diff ]; then exec "$TERRAFORM_BINARY_NAME" plan -input=false -out=plan; fi
exec "$TERRAFORM_BINARY_NAME" apply -input=false -auto-approve
`;

/** A user's machine: `cluster/` is a checkout of this program, `old/` has the HCL. */
export class Scratch {
  readonly root = mkdtempSync(join(tmpdir(), "guide-"));
  readonly cluster = join(this.root, "cluster");
  readonly old = join(this.root, "old");

  /** @param cdktf whether its own command line is used */
  constructor(cdktf: "cdktf" | "short") {
    for (const folder of [this.cluster, this.old]) mkdirSync(folder);
    const link = (from: string, to: string, left: readonly string[]) => {
      for (const name of readdirSync(from)) {
        if (!left.includes(name)) symlinkSync(join(from, name), join(to, name));
      }
    };
    link(ROOT, this.cluster, ["node_modules", ".git", "cluster.yaml", "nodes.yaml", "clusters", "cdktf.out"]);
    const modules = join(this.cluster, "node_modules");
    mkdirSync(join(modules, ".bin"), { recursive: true });
    link(join(ROOT, "node_modules"), modules, [".bin"]);
    const left = cdktf === "short" ? ["cdktf"] : [];
    link(join(ROOT, "node_modules/.bin"), join(modules, ".bin"), left);
    if (cdktf === "cdktf") return;
    writeFileSync(join(modules, ".bin/cdktf"), SHORT_CDKTF);
    chmodSync(join(modules, ".bin/cdktf"), 0o755);
  }

  /** With OpenTofu on PATH as `tofu`, and the providers that the tests have. */
  env(more: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
    const tofu = process.env.TERRAFORM_BINARY_NAME ?? "";
    return {
      ...inheritedEnv(),
      PATH: [dirname(tofu), process.env.PATH].join(delimiter),
      NO_COLOR: "1",
      TF_CLI_ARGS: "-no-color",
      TF_IN_AUTOMATION: "1",
      ...more,
    };
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
