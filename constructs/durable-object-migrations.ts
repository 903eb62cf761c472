import { DataCloudflareWorkersScripts } from "@cdktf/provider-cloudflare/lib/data-cloudflare-workers-scripts";
import type {
  WorkersScriptBindings,
  WorkersScriptConfig,
  WorkersScriptMigrations,
} from "@cdktf/provider-cloudflare/lib/workers-script";
import { type Precondition, TerraformLocal, TerraformResource } from "cdktf";
import { Construct } from "constructs";
import type { R2Jurisdiction } from "../domain/r2";

/** Variable of the Worker: where its objects are. */
const JURISDICTION = "TFSTATE_JURISDICTION";

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
  /** Where the objects of a Worker that does not exist yet are to be. @default - no restriction */
  readonly jurisdiction?: R2Jurisdiction;
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
 *
 * An object that was made without a jurisdiction is not found in one. So the jurisdiction is decided once, with the first
 * upload, and Cloudflare remembers it in the tag, such as `v2-eu`: a Worker that was deployed without it keeps its objects
 * where they are, whatever becomes of the state of the stack.
 */
export class DurableObjectMigrations extends Construct {
  /** The script, without its migrations, and with the variable that says where its objects are. */
  readonly script: WorkersScriptConfig;
  /** The `migrations` of the script. */
  readonly config: WorkersScriptMigrations;
  /** Refuses a deployed script whose tag this program does not know. */
  readonly precondition: Precondition;
  /** What to `-replace` after an upload whose answer was lost. */
  readonly revisionAddress: string;

  /** @throws if there is no migration, or two have the same tag. */
  constructor(scope: Construct, id: string, props: DurableObjectMigrationsProps) {
    super(scope, id);
    const { migrations, jurisdiction } = props;
    const { accountId, scriptName } = props.script;
    const tags = migrations.map(({ tag }) => tag);
    const newest = tags.at(-1);
    if (!newest || tags.includes("") || new Set(tags).size < tags.length) {
      throw new Error(`Worker "${scriptName}": each migration needs a tag of its own`);
    }

    const scripts = new DataCloudflareWorkersScripts(this, "scripts", { accountId });
    scripts.overrideLogicalId(id);
    const tag = `each.migration_tag if each.id == ${JSON.stringify(scriptName)}`;
    const deployed = this.local(
      `${id}_deployed_tag`,
      `\${join("", compact([for each in ${scripts.fqn}.result : ${tag}]))}`,
    ).fqn;

    const suffix = jurisdiction ? `-${jurisdiction}` : "";
    /** Whether a Worker with this tag has its objects in the jurisdiction. */
    const isInside = (tag: string) => `${tag} == "" || endswith(${tag}, "${suffix}")`;
    const where = jurisdiction && `\${${isInside(deployed)} ? "${jurisdiction}" : ""}`;
    const script = where ? withVariable(props.script, this.local(`${id}_jurisdiction`, where)) : props.script;
    this.script = script;

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
    const tagsInside = suffix ? tags.map((tag) => `${tag}${suffix}`) : [];
    const known = JSON.stringify(["", ...tags, ...tagsInside]);
    const classesFrom = [...migrations.keys()].map((at) =>
      migrations.slice(at).flatMap(({ newSqliteClasses }) => newSqliteClasses),
    );
    const classesAfter = [...classesFrom.slice(1), null];
    const classes = [classesFrom[0], ...classesAfter, ...(suffix ? classesAfter : [])];
    const newClasses = `try(${JSON.stringify(classes)}[index(${known}, ${from})], null)`;
    this.config = {
      oldTag: `\${${from} == "" ? null : ${from}}`,
      newTag: suffix ? `\${${isInside(from)} ? "${newest}${suffix}" : "${newest}"}` : newest,
      newSqliteClasses: this.local(`${id}_new_classes`, `\${${newClasses}}`).asList,
    };
    this.precondition = {
      condition: `\${contains(${known}, ${deployed})}`,
      errorMessage:
        `Worker "${scriptName}" of this account carries the migration tag "\${${deployed}}", which this ` +
        `program does not know (it knows ${[...tags, ...tagsInside].join(", ")}): another program deployed it, or a newer version of ` +
        "this one. nothing was changed. give the Worker another name, or use the newer version",
    };
  }

  private local(name: string, expression: string | object): TerraformLocal {
    const local = new TerraformLocal(this, name, expression);
    local.overrideLogicalId(name);
    return local;
  }
}

function withVariable(script: WorkersScriptConfig, value: TerraformLocal): WorkersScriptConfig {
  const variable: WorkersScriptBindings = {
    type: "plain_text",
    name: JURISDICTION,
    text: `\${${value.fqn}}`,
  };
  return { ...script, bindings: [...((script.bindings as WorkersScriptBindings[]) ?? []), variable] };
}
