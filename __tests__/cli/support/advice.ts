// A command that tells what to run in each of the ways in which commands do.
import { Command } from "commander";
import { nameInAdvice } from "../../../cli/name-cluster";
import { run } from "../../../cli/run";
import { step } from "../../../process/step";

run("advice", new Command(), async () => {
  nameInAdvice("production");
  nameInAdvice("staging");
  console.log("npm run plan");
  process.stdout.write(Buffer.from("npm run plan\n"));
  await step("Step", async ({ say }) => say("npm run deploy # progress"));
  console.error("npm run deploy # direct");
  throw new Error("npm run deploy # error");
});
