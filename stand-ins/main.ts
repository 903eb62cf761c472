import { program } from "commander";
import { addCloudflareCommand } from "./cloudflare/command";
import { addLabCommand } from "./lab/command";
import { addProxmoxCommand } from "./proxmox/command";
import { addTalosCommand } from "./talos/command";

/* `npm run local -- cloudflare|proxmox|talos|lab`: one stand-in as a program of its own, or all together. */

program.name("npm run local --").description("runs one of the stand-ins").showHelpAfterError();
addCloudflareCommand(program);
addProxmoxCommand(program);
addTalosCommand(program);
addLabCommand(program);

program.parseAsync().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
