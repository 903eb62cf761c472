// `npm run state -- <command>`: reads, writes and moves states where they are kept.
import { Command } from "commander";
import { ConfigError } from "../config";
import { StateError } from "../state/problem";
import { addBackupCommand } from "./state/backup";
import { addCredentialsCommand } from "./state/credentials";
import { addFrozenCommands } from "./state/frozen";
import { addLookCommands } from "./state/look";
import { addMigrateCommand } from "./state/migrate";
import { addReplaceCommands } from "./state/replace";
import { addUnlockCommand } from "./state/unlock";

const program = new Command("npm run state --")
  .description(
    "read, write and move the states of cluster.yaml, in R2, at the Worker or in a file. states go in and out " +
      "as they are kept: nothing is decrypted.\n\ncredentials: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and " +
      "AWS_SESSION_TOKEN for r2, TF_HTTP_USERNAME and TF_HTTP_PASSWORD for worker",
  )
  .showHelpAfterError();
addLookCommands(program);
addReplaceCommands(program);
addBackupCommand(program);
addUnlockCommand(program);
addMigrateCommand(program);
addFrozenCommands(program);
addCredentialsCommand(program);

// Who reads only the beginning (`pull | head`) ends no command in the middle. All else, such as a full disk, is told.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") return;
    process.exitCode = 1;
    console.error(error.message);
  });
}

/** Node's own words name what was tried and the path: "ENOENT: no such file or directory, open 'x'". */
const isOfTheFileSystem = (error: unknown): error is Error => error instanceof Error && "syscall" in error;

program.parseAsync().catch((error: unknown) => {
  // What the user can mend is told without a stack trace.
  const isTheirs = error instanceof StateError || error instanceof ConfigError || isOfTheFileSystem(error);
  console.error(isTheirs ? error.message : error);
  process.exitCode = 1;
});
