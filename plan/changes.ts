import { isDeepStrictEqual } from "node:util";
import { nodeOfResource } from "../domain/virtual-machine";
import type { PlanFile, ResourceChange } from "./plan-file";
import { reasonOf } from "./reasons";

/** What an apply would do to a resource. */
export type Action = "create" | "update" | "replace" | "destroy" | "forget" | "import" | "move";

/** What an attribute is and would become. */
export interface AttributeChange {
  /** As people write it: `memory[0].dedicated`. */
  readonly path: string;
  readonly before: unknown;
  /** Undefined if it is only known after the apply. */
  readonly after: unknown;
  readonly isUnknown: boolean;
  /** Neither value may be shown. */
  readonly isSensitive: boolean;
  /** The provider cannot change it in place. */
  readonly forcesReplacement: boolean;
}

/** A resource that an apply would change. */
export interface PlannedChange {
  readonly address: string;
  readonly type: string;
  /** What it is called: a node's name for a VM. */
  readonly name: string;
  readonly action: Action;
  /** Empty for a create and a destroy. */
  readonly attributes: readonly AttributeChange[];
  /** Why it is replaced or destroyed, in words. */
  readonly reason?: string;
  readonly before: Readonly<Record<string, unknown>>;
  readonly after: Readonly<Record<string, unknown>>;
}

/** The changes of a plan, in its order, without what stays as it is and what is only read. */
export function changesOf({ resource_changes }: PlanFile): readonly PlannedChange[] {
  return resource_changes.flatMap((resource) => {
    const action = resource.mode === "managed" ? actionOf(resource) : undefined;
    if (action === undefined) return [];
    const { address, type, name, action_reason: reason, change } = resource;
    const changed = action === "update" || action === "replace" || action === "import";
    return {
      address,
      type,
      name: nameOf({ address, name }),
      action,
      attributes: changed ? attributesOf(change) : [],
      ...(reason && { reason: reasonOf(reason) }),
      before: objectOf(change.before),
      after: objectOf(change.after),
    };
  });
}

function actionOf({ change, address, previous_address: previous }: ResourceChange): Action | undefined {
  const actions = change.actions.join(",");
  if (actions === "delete,create" || actions === "create,delete") return "replace";
  if (actions === "create") return "create";
  if (actions === "delete") return "destroy";
  if (actions === "forget") return "forget";
  // What is not known is never taken for nothing.
  if (actions !== "update" && actions !== "no-op")
    throw new Error(
      `the plan would "${actions}" ${address}, which this program cannot judge, so nothing is done; undo what asks for it`,
    );
  if (change.importing) return "import";
  if (actions === "update") return "update";
  return previous !== undefined && previous !== address ? "move" : undefined;
}

/** What a resource is called: the key of `type.name["key"]`, else the name, which is that of a node for a VM. */
export const nameOf = ({ address, name }: Pick<ResourceChange, "address" | "name">): string =>
  /\["([^"]+)"\]$/.exec(address)?.[1] ?? nodeOfResource(name);

function attributesOf(change: ResourceChange["change"]): AttributeChange[] {
  const found: AttributeChange[] = [];
  const replaced = new Set(change.replace_paths.map(pathOf));
  const visit = (
    path: readonly (string | number)[],
    before: unknown,
    after: unknown,
    unknown: unknown,
    sensitive: readonly unknown[],
  ): void => {
    const isUnknown = unknown === true;
    const isSensitive = sensitive.includes(true);
    if (!isUnknown && isDeepStrictEqual(before, after)) return;
    if (!isUnknown && !isSensitive && (isContainer(before) || isContainer(after))) {
      for (const key of keysOf(before, after, unknown)) {
        const parts = [before, after, unknown, ...sensitive].map((value) => partOf(value, key));
        const [partBefore, partAfter, partUnknown, ...partSensitive] = parts;
        visit([...path, key], partBefore, partAfter, partUnknown, partSensitive);
      }
      return;
    }
    // A computed value that was unknown before is no change that somebody asked for.
    const forcesReplacement = path.some((_, end) => replaced.has(pathOf(path.slice(0, end + 1))));
    found.push({ path: pathOf(path), before, after, isUnknown, isSensitive, forcesReplacement });
  };
  visit([], change.before, change.after, change.after_unknown, [
    change.before_sensitive,
    change.after_sensitive,
  ]);
  return found;
}

const isContainer = (value: unknown): value is object => typeof value === "object" && value !== null;

function keysOf(...values: readonly unknown[]): readonly (string | number)[] {
  if (values.some(Array.isArray)) {
    const length = Math.max(...values.map((value) => (Array.isArray(value) ? value.length : 0)));
    return Array.from({ length }, (_, index) => index);
  }
  return [...new Set(values.flatMap((value) => (isContainer(value) ? Object.keys(value) : [])))];
}

function partOf(value: unknown, key: string | number): unknown {
  return isContainer(value) ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
}

function pathOf(path: readonly (string | number)[]): string {
  return path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join("");
}

const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  isContainer(value) && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : {};
