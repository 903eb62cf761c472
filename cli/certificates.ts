// `npm run certificates -- status|renew`: how long certificates are valid, and new ones for clients.
import { Command } from "commander";
import { addRenewCommand } from "./certificates/renew";
import { addStatusCommand } from "./certificates/status";
import { run } from "./run";

const program = new Command()
  .description("show how long the certificates of the cluster are valid, and renew those of clients")
  .addHelpText("after", "\nexit codes: 0 done, 1 an error; each command has its own in its --help");
addStatusCommand(program);
addRenewCommand(program);
run("certificates", program);
