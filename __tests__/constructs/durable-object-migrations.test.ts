import {
  type DurableObjectMigration,
  DurableObjectMigrations,
} from "../../constructs/durable-object-migrations";
import { ACCOUNT, synthOnCloudflare } from "../support/cloudflare";

const V1 = { tag: "v1", newSqliteClasses: ["StateObject", "Directory"] };
const V2 = { tag: "v2", newSqliteClasses: ["Audit"] };
const script = { accountId: ACCOUNT, scriptName: "tfstate" };

function migrations(list: readonly DurableObjectMigration[], jurisdiction?: "eu") {
  let made: DurableObjectMigrations | undefined;
  const template = synthOnCloudflare((stack) => {
    made = new DurableObjectMigrations(stack, "tfstate", { script, migrations: list, jurisdiction });
  });
  return { template, locals: template.locals, made };
}

test("the tag that was deployed is remembered until the next revision", () => {
  const { template, locals, made } = migrations([V1]);
  expect(locals.tfstate_deployed_tag).toContain('each.migration_tag if each.id == "tfstate"');
  expect(template.resource.terraform_data?.tfstate_revision).toEqual({
    input: "${local.tfstate_deployed_tag}",
    triggers_replace: "${sha256(jsonencode(local.tfstate_script))}",
    lifecycle: { ignore_changes: ["input"] },
  });
  expect(made?.revisionAddress).toBe("terraform_data.tfstate_revision");
});

test("each tag has the classes that came after it, and the newest none", () => {
  expect(migrations([V1, V2]).locals.tfstate_new_classes).toContain(
    '[["StateObject","Directory","Audit"],["Audit"],null][index(["","v1","v2"], local.tfstate_migrates_from)]',
  );
});

test("a tag says in which jurisdiction the objects are; each line of tags has its own", () => {
  const { locals, made } = migrations([V1, V2], "eu");
  expect(locals.tfstate_new_classes).toContain(
    '[["StateObject","Directory","Audit"],["Audit"],null,["Audit"],null]' +
      '[index(["","v1","v2","v1-eu","v2-eu"], local.tfstate_migrates_from)]',
  );
  expect(made?.config.newTag).toContain('"-eu") ? "v2-eu" : "v2"}');
});

test.each<[readonly DurableObjectMigration[]]>([[[]], [[{ ...V1, tag: "" }]], [[V1, { ...V2, tag: "v1" }]]])(
  "refuses %j",
  (list) => {
    expect(() => migrations(list)).toThrow('Worker "tfstate": each migration needs a tag of its own');
  },
);
