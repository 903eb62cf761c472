import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandsReference } from "./commands-reference";

/* `npm run docs:commands`: writes docs/reference/commands.md, or another file, from the help of the commands. */

const page = join(__dirname, "../docs/reference/commands.md");
const [, , file = page] = process.argv;
const formatted = execFileSync("biome", ["format", "--stdin-file-path", page], {
  input: commandsReference(),
});
writeFileSync(file, formatted);
