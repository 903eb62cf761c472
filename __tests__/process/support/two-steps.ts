// A command with two steps, the second of which fails, and a line of result between them.
import { Command } from "commander";
import { run } from "../../../cli/run";
import { step } from "../../../process/step";

run("two-steps", new Command(), async () => {
  await step("First", async ({ say, result }) => {
    say("a line");
    console.log("a result");
    result("done");
  });
  await step("Second", async () => {
    throw new Error("it failed");
  });
});
