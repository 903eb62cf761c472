import { newId } from "../account";
import { ApiError } from "../api-error";
import type { DurableObjectClass, Script } from "../model";
import type { MigrationStep, Migrations } from "./upload";

type Classes = Record<string, DurableObjectClass>;

/** The Durable Object classes of a script, and the tag of its last migration. */
export interface MigrationState {
  readonly tag: string | undefined;
  readonly classes: Readonly<Classes>;
}

/**
 * Applies the migrations of an upload, which create, rename and delete classes of Durable Objects.
 * @throws ApiError 412 where `old_tag` is not the script's tag, 400 where a class exists already or does not exist
 */
export function migrate(script: Script | undefined, migrations: Migrations | undefined): MigrationState {
  const current = script?.migrationTag;
  if (!migrations) return { tag: current, classes: script?.classes ?? {} };
  const { old_tag: oldTag, new_tag: newTag, steps, ...single } = migrations;
  if (oldTag !== (current ?? "")) {
    throw new ApiError(
      412,
      10079,
      `Actor migration tag precondition failed, got tag '${oldTag}' when expected tag is '${current ?? ""}'.`,
    );
  }
  const classes: Classes = { ...script?.classes };
  for (const step of steps ?? [single]) carryOut(step, classes);
  return { tag: newTag ?? current, classes };
}

function carryOut(step: MigrationStep, classes: Classes): void {
  for (const name of step.deleted_classes) {
    if (!classes[name]) throw notExported("delete", name);
    delete classes[name];
  }
  for (const { from, to } of step.renamed_classes) {
    const renamed = classes[from];
    if (!renamed) throw notExported("rename", from);
    if (classes[to]) throw inTheWay("rename", to);
    classes[to] = renamed;
    delete classes[from];
  }
  const added = [
    ...step.new_classes.map((name) => ({ name, sqlite: false })),
    ...step.new_sqlite_classes.map((name) => ({ name, sqlite: true })),
  ];
  for (const { name, sqlite } of added) {
    if (classes[name]) throw inTheWay(sqlite ? "new-sqlite-class" : "new-class", name);
    classes[name] = { namespaceId: newId(), sqlite };
  }
}

const inTheWay = (migration: string, name: string) =>
  new ApiError(
    400,
    10074,
    `Cannot apply ${migration} migration to class '${name}' that is already depended on by existing Durable Objects`,
  );

const notExported = (migration: string, name: string) =>
  new ApiError(
    400,
    10074,
    `Cannot apply ${migration}-class migration to class '${name}' which was not exported in the previous version of the script`,
  );

/** @throws ApiError 400 where a class is missing in the new version of the script */
export function assertExported(
  { classes }: MigrationState,
  script: Script | undefined,
  exported: readonly string[],
): void {
  for (const name of Object.keys(classes)) {
    if (exported.includes(name)) continue;
    throw script?.classes[name]
      ? new ApiError(
          400,
          10064,
          `New version of script does not export class '${name}' which is depended on by existing Durable Objects. ` +
            "If you want to delete the Durable Objects and their data, upload a delete-class migration.",
        )
      : new ApiError(
          400,
          10070,
          `Cannot apply new-class migration to class '${name}' that is not exported by script`,
        );
  }
}
