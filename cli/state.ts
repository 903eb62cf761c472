// `npm run state -- <command>`: reads, writes and moves states.
import { Command } from "commander";
import { ConfigError } from "../config";
import { SecretsError } from "../secrets/errors";
import { StateError } from "../state/errors";
import { ToolchainError } from "../toolchain";
import { CLUSTER_OPTION, chooseCluster } from "./choose-cluster";
import { loadSecrets } from "./load-secrets";
import { addBackupCommand } from "./state/backup";
import { addCredentialsCommand } from "./state/credentials";
import { addDropCommand } from "./state/drop";
import { addListCommand } from "./state/list";
import { addMigrateCommand } from "./state/migrate";
import { addPullCommand } from "./state/pull";
import { addPushCommand } from "./state/push";
import { addReconfigureCommand } from "./state/reconfigure";
import { addRestoreCommand } from "./state/restore";
import { addUnfreezeCommand } from "./state/unfreeze";
import { addUnlockCommand } from "./state/unlock";
import { addVerifyCommand } from "./state/verify";
import { addVersionsCommand } from "./state/versions";

const program = new Command("npm run state --")
  .description(
    "read, write and move the states of cluster.yaml, in R2, at the Worker or in a file. states go in and out " +
      "as they are kept: nothing is decrypted.\n\ncredentials: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and " +
      "AWS_SESSION_TOKEN for r2, TF_HTTP_USERNAME and TF_HTTP_PASSWORD for worker",
  )
  .option(...CLUSTER_OPTION)
  .hook("preAction", async (command) => {
    chooseCluster(command.opts<{ cluster?: string }>().cluster, process.env);
    await loadSecrets(process.env);
  })
  .showHelpAfterError();
addListCommand(program);
addPullCommand(program);
addVersionsCommand(program);
addVerifyCommand(program);
addPushCommand(program);
addRestoreCommand(program);
addBackupCommand(program);
addUnlockCommand(program);
addMigrateCommand(program);
addDropCommand(program);
addUnfreezeCommand(program);
addReconfigureCommand(program);
addCredentialsCommand(program);

// A reader that ends early (`pull | head`) must not end the command. Other errors, such as a full disk, are reported.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") return;
    process.exitCode = 1;
    console.error(error.message);
  });
}

/** Node's message says what failed and where: "ENOENT: no such file or directory, open 'x'". */
const isFileSystemError = (error: unknown): error is Error => error instanceof Error && "syscall" in error;

program.parseAsync().catch((error: unknown) => {
  // No stack trace for an error that the user can act on.
  const kinds = [StateError, ConfigError, SecretsError, ToolchainError];
  const isForUsers = kinds.some((each) => error instanceof each) || isFileSystemError(error);
  console.error(isForUsers ? (error as Error).message : error);
  process.exitCode = 1;
});
