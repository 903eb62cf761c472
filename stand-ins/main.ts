import { program } from "commander";
import { addCloudflareCommand } from "./cloudflare/command";
import { addProxmoxCommand } from "./proxmox/command";
import { addTalosCommand } from "./talos/command";

program.name("npm run local --").description("the stand-ins, one at a time").showHelpAfterError();
addCloudflareCommand(program);
addProxmoxCommand(program);
addTalosCommand(program);

program.parseAsync().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
