import { DataCloudflareWorkersScripts } from "@cdktf/provider-cloudflare/lib/data-cloudflare-workers-scripts";
import type {
  WorkersScriptConfig,
  WorkersScriptMigrations,
} from "@cdktf/provider-cloudflare/lib/workers-script";
import { type Precondition, TerraformLocal, TerraformResource } from "cdktf";
import { Construct } from "constructs";

/** One change of a Worker's Durable Object classes, as Cloudflare carries it out with an upload. */
export interface DurableObjectMigration {
  /** Names the step in Cloudflare; never change one that was deployed. */
  readonly tag: string;
  /** Classes that it introduces, with SQLite storage. */
  readonly newSqliteClasses: readonly string[];
}

/** What {@link DurableObjectMigrations} are made of. */
export interface DurableObjectMigrationsProps {
  /** All that is uploaded besides the migrations. */
  readonly script: WorkersScriptConfig;
  /** Oldest first. A new one is added at the end, and none is ever taken out. */
  readonly migrations: readonly DurableObjectMigration[];
}

/**
 * The migrations that an upload of a Worker has to name: those that are new to Cloudflare, once, and from then on
 * none.
 *
 * The provider sends what stands in the program at every upload, and Cloudflare answers 412 unless `old_tag` is the
 * tag that the script carries. So `migrations` follows from the tag that was deployed when the current revision of
 * the script was planned. A `terraform_data` remembers it: it is replaced with every revision and keeps its input in
 * between, so that a second plan is empty although the tag is another one by then.
 *
 * | at plan | remembered | uploaded |
 * | --- | --- | --- |
 * | no script | none | `new_tag = v1`, its classes |
 * | nothing changed | none | nothing: the same as in state |
 * | changed in any way, also back | v1 | `old_tag = new_tag = v1` |
 * | a step v2 was added | v1 | `old_tag = v1`, `new_tag = v2`, its classes |
 *
 * What was remembered is wrong in one case: Cloudflare carried out a new step, and OpenTofu does not know (the
 * answer was lost, or the same revision has to be uploaded again to undo a change made elsewhere). Cloudflare then
 * answers 412 and changes nothing, and `-replace=terraform_data.<id>_revision` looks at the deployed tag again. A
 * script that was deleted elsewhere gets all steps anew, and one that was imported none.
 */
export class DurableObjectMigrations extends Construct {
  /** The `migrations` of the script. */
  readonly config: WorkersScriptMigrations;
  /** Refuses a script that carries a tag of another program. */
  readonly precondition: Precondition;
  /** What to `-replace` after an upload whose answer was lost. */
  readonly revisionAddress: string;

  /** @throws where there is no migration, or a tag is there twice. */
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
    // As a value of its own, which JSON quotes: cdktf leaves quotes within the arguments of a function as they are.
    const content = this.local(`${id}_script`, { script, migrations }).fqn;
    revision.addOverride("triggers_replace", `\${sha256(jsonencode(${content}))}`);
    revision.addOverride("input", `\${${deployed}}`);
    this.revisionAddress = `terraform_data.${revision.friendlyUniqueId}`;

    // Where there is no script, there is no tag either, whatever is remembered.
    const from = this.local(`${id}_migrates_from`, `\${${deployed} == "" ? "" : ${revision.fqn}.input}`).fqn;
    // By place in the list of tags; a tag that is not in it is for the precondition to tell.
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
