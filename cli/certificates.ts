// `npm run certificates -- status|renew`: how long certificates are valid, and new ones for clients.
import { Command } from "commander";
import { addRenewCommand } from "./certificates/renew";
import { addStatusCommand } from "./certificates/status";

const program = new Command("npm run certificates --")
  .description("the certificates of the cluster: how long they are valid, and new ones for clients")
  .showHelpAfterError();
addStatusCommand(program);
addRenewCommand(program);
void program.parseAsync();
