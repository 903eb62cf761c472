// `npm run state -- <command>`: reads, writes and moves states.
import { Command } from "commander";
import { CLUSTER_OPTION, chooseCluster } from "./choose-cluster";
import { loadSecrets } from "./load-secrets";
import { run } from "./run";
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

const program = new Command()
  .description(
    "read, write and move the states of cluster.yaml, in R2, at the Worker or in a file. states are read and " +
      "written as they are stored: nothing is decrypted.\n\ncredentials: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and " +
      "AWS_SESSION_TOKEN for r2, TF_HTTP_USERNAME and TF_HTTP_PASSWORD for worker",
  )
  .option(...CLUSTER_OPTION)
  .hook("preAction", async (command) => {
    chooseCluster(command.opts<{ cluster?: string }>().cluster, process.env);
    await loadSecrets(process.env);
  })
  .addHelpText(
    "afterAll",
    "\nexit codes: 0 done, 1 an error, a finding of verify, or an answer other than yes",
  );
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

run("state", program);
