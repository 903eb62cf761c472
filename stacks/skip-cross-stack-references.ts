import { ref, TerraformStack } from "cdktf";

/** Stacks that skip the search. */
const skipped = new WeakSet<TerraformStack>();

/**
 * Skips the search for references to other stacks. For this search, cdktf resolves every value of the stack a second time,
 * which takes a third of the time of a large synth. Use it for stacks that are made of plain data.
 *
 * If such a stack does refer to another stack, the synth fails. Without this check, its JSON would contain the address of
 * the other stack's resource, and the plan would fail because this resource is not declared.
 */
export function skipCrossStackReferences(stack: TerraformStack): void {
  skipped.add(stack);
  stack.prepareStack = () => {
    stack.ensureBackendExists();
  };
}

/** The part of cdktf's class that is used here. cdktf does not export it. */
interface Reference {
  readonly identifier: string;
  readonly originStack?: TerraformStack;
  resolve(context: Parameters<ReturnType<typeof ref>["resolve"]>[0]): string;
}

const reference = Object.getPrototypeOf(ref("")) as Reference;
const { resolve } = reference;
reference.resolve = function (this: Reference, context) {
  const stack = TerraformStack.of(context.scope);
  if (skipped.has(stack) && this.originStack !== undefined && this.originStack !== stack) {
    throw new Error(
      `stack "${stack.node.path}" takes ${this.identifier} from stack "${this.originStack.node.path}", but its references ` +
        "to other stacks are skipped; do not call skipCrossStackReferences for this stack",
    );
  }
  return resolve.call(this, context);
};
