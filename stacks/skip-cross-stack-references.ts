import { ref, TerraformStack } from "cdktf";

/** Stacks whose references to other stacks nobody has looked for. */
const skipped = new WeakSet<TerraformStack>();

/**
 * Spares a stack the search for references to other stacks, in which cdktf resolves every value of the stack once more:
 * a third of the time of a large synth. For stacks that are made of plain data.
 *
 * A stack that does take a value from another one fails at synth. Without that check the address of the other stack's
 * resource would stand in its JSON, and a plan would say that there is no such resource.
 */
export function skipCrossStackReferences(stack: TerraformStack): void {
  skipped.add(stack);
  stack.prepareStack = () => {
    stack.ensureBackendExists();
  };
}

/** As far as cdktf's class, which it does not export, is read here. */
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
        "to other stacks are skipped; take the stack out of skipCrossStackReferences where the program adds it",
    );
  }
  return resolve.call(this, context);
};
