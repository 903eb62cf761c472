// `npm run etcd -- <command>`: how etcd is, snapshots of it, and a restore.
import { Command } from "commander";
import { addRestoreCommand } from "./etcd/restore";
import { addSnapshotCommand } from "./etcd/snapshot";
import { addStatusCommand } from "./etcd/status";

const program = new Command("npm run etcd --")
  .description("the database of Kubernetes: how it is, snapshots of it, and a restore")
  .showHelpAfterError();
addStatusCommand(program);
addSnapshotCommand(program);
addRestoreCommand(program);
void program.parseAsync();
