import { DataCloudflareWorkersScripts } from "@cdktf/provider-cloudflare/lib/data-cloudflare-workers-scripts";
import type {
  WorkersScriptConfig,
  WorkersScriptMigrations,
} from "@cdktf/provider-cloudflare/lib/workers-script";
import { type Precondition, TerraformLocal, TerraformResource } from "cdktf";
import { Construct } from "constructs";

/** One change of a Worker's Durable Object classes. Cloudflare applies it with an upload. */
export interface DurableObjectMigration {
  /** Identifies the step in Cloudflare. Never change the tag of a deployed step. */
  readonly tag: string;
  /** Classes that it adds, with SQLite storage. */
  readonly newSqliteClasses: readonly string[];
}

/** What {@link DurableObjectMigrations} are made of. */
export interface DurableObjectMigrationsProps {
  /** The script, without its migrations. */
  readonly script: WorkersScriptConfig;
  /** Oldest first. Add new ones at the end, and never remove one. */
  readonly migrations: readonly DurableObjectMigration[];
}

/**
 * The migrations of an upload of a Worker. An upload must have each migration exactly once: when Cloudflare has not
 * applied it yet.
 *
 * The provider sends the `migrations` of the program with every upload, and Cloudflare answers 412 unless `old_tag` is the
 * deployed tag of the script. So `migrations` is computed from the tag that was deployed when the current revision of the
 * script was planned. A `terraform_data` remembers this tag. It is replaced with every revision and keeps its input in
 * between, so that a second plan is empty although the deployed tag has changed.
 *
 * | at plan | remembered | uploaded |
 * | --- | --- | --- |
 * | no script | none | `new_tag = v1`, its classes |
 * | nothing changed | none | nothing: the same as in state |
 * | any change | v1 | `old_tag = new_tag = v1` |
 * | a step v2 was added | v1 | `old_tag = v1`, `new_tag = v2`, its classes |
 *
 * The remembered tag is wrong in one case: Cloudflare has applied a new step, and OpenTofu does not know it (the answer
 * was lost, or the same revision is uploaded again to undo a change by another program). Then Cloudflare answers 412 and
 * changes nothing, and `-replace=terraform_data.<id>_revision` reads the deployed tag again. A script that was deleted by
 * another program gets all steps again, and an imported script gets none.
 */
export class DurableObjectMigrations extends Construct {
  /** The `migrations` of the script. */
  readonly config: WorkersScriptMigrations;
  /** Refuses a deployed script whose tag this program does not know. */
  readonly precondition: Precondition;
  /** What to `-replace` after an upload whose answer was lost. */
  readonly revisionAddress: string;

  /** @throws if there is no migration, or two have the same tag. */
  constructor(scope: Construct, id: string, { script, migrations }: DurableObjectMigrationsProps) {
    super(scope, id);
    const tags = migrations.map(({ tag }) => tag);
    const newest = tags.at(-1);
    if (!newest || tags.includes("") || new Set(tags).size < tags.length) {
      throw new Error(`Worker "${script.scriptName}": each migration needs a tag of its own`);
    }

    const scripts = new DataCloudflareWorkersScripts(this, "scripts", { accountId: script.accountId });
    scripts.overrideLogicalId(id);
    const tag = `each.migration_tag if each.id == ${JSON.stringify(script.scriptName)}`;
    const deployed = this.local(
      `${id}_deployed_tag`,
      `\${join("", compact([for each in ${scripts.fqn}.result : ${tag}]))}`,
    ).fqn;

    const revision = new TerraformResource(this, "Resource", {
      terraformResourceType: "terraform_data",
      lifecycle: { ignoreChanges: ["input"] },
    });
    revision.overrideLogicalId(`${id}_revision`);
    // In a local, so that JSON escapes it: cdktf does not escape quotes in the arguments of a function.
    const content = this.local(`${id}_script`, { script, migrations }).fqn;
    revision.addOverride("triggers_replace", `\${sha256(jsonencode(${content}))}`);
    revision.addOverride("input", `\${${deployed}}`);
    this.revisionAddress = `terraform_data.${revision.friendlyUniqueId}`;

    // Without a deployed script there is no tag, whatever is remembered.
    const from = this.local(`${id}_migrates_from`, `\${${deployed} == "" ? "" : ${revision.fqn}.input}`).fqn;
    // By position in the list of tags. The precondition reports a tag that is not in the list.
    const known = JSON.stringify(["", ...tags]);
    const classesAfter = [...migrations.keys()].map((at) =>
      migrations.slice(at).flatMap(({ newSqliteClasses }) => newSqliteClasses),
    );
    const newClasses = `try(${JSON.stringify([...classesAfter, null])}[index(${known}, ${from})], null)`;
    this.config = {
      oldTag: `\${${from} == "" ? null : ${from}}`,
      newTag: newest,
      newSqliteClasses: this.local(`${id}_new_classes`, `\${${newClasses}}`).asList,
    };
    this.precondition = {
      condition: `\${contains(${known}, ${deployed})}`,
      errorMessage:
        `Worker "${script.scriptName}" of this account carries the migration tag "\${${deployed}}", which this ` +
        `program does not know (it knows ${tags.join(", ")}): another program deployed it, or a newer version of ` +
        "this one. nothing was changed. give the Worker another name, or use the newer version",
    };
  }

  private local(name: string, expression: string | object): TerraformLocal {
    const local = new TerraformLocal(this, name, expression);
    local.overrideLogicalId(name);
    return local;
  }
}
