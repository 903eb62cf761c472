import { LocalBackend, TerraformOutput, TerraformResource, TerraformStack } from "cdktf";
import { skipCrossStackReferences } from "../../stacks/skip-cross-stack-references";
import { newApp } from "../support/synth";

/** An app of two stacks, each with a resource; `build` uses in the second one what is in the first. */
function twoStacks(build: (first: TerraformResource, second: TerraformResource) => void) {
  const app = newApp();
  const [first, second] = ["first", "second"].map((id) => {
    const stack = new TerraformStack(app, id);
    new LocalBackend(stack, { path: `/states/${id}.tfstate` });
    return new TerraformResource(stack, "data", { terraformResourceType: "terraform_data" });
  }) as [TerraformResource, TerraformResource];
  build(first, second);
  return { app, first: TerraformStack.of(first), second: TerraformStack.of(second) };
}

const uses: Record<string, (first: TerraformResource, second: TerraformResource) => void> = {
  "an attribute": (first, second) => second.addOverride("input", first.getStringAttribute("output")),
  "text with an attribute in it": (first, second) =>
    second.addOverride("input", `made of ${first.getStringAttribute("output")}`),
  "an output": (first, second) => {
    new TerraformOutput(second, "taken", { value: first.getStringAttribute("output") });
  },
};

test.each(Object.entries(uses))("a skipped stack that takes %s from another one fails at synth", (_, use) => {
  const { app, second } = twoStacks(use);
  skipCrossStackReferences(second);
  expect(() => app.synth()).toThrow(
    /stack "second" takes terraform_data\.\S*data\S*\.output from stack "first", but its references to other stacks are skipped/,
  );
});

test("a stack that is not skipped may take from one that is", () => {
  const { app, first, second } = twoStacks((one, other) => uses["an attribute"]?.(one, other));
  skipCrossStackReferences(first);
  app.synth();
  expect(JSON.stringify(second.toTerraform())).toContain("data.terraform_remote_state.");
  expect(first.toTerraform()).toHaveProperty("output");
});

test("a stack that takes nothing is synthesized as before", () => {
  const json = (skip: boolean) => {
    const { app, second } = twoStacks((_, own) => own.addOverride("input", own.getStringAttribute("id")));
    if (skip) skipCrossStackReferences(second);
    app.synth();
    return second.toTerraform();
  };
  expect(json(true)).toEqual(json(false));
});
