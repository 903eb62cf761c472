// `npm run etcd -- <command>`: how etcd is, snapshots of it, and a restore.
import { Command } from "commander";
import { addRestoreCommand } from "./etcd/restore";
import { addSnapshotCommand } from "./etcd/snapshot";
import { addStatusCommand } from "./etcd/status";
import { run } from "./run";

const program = new Command()
  .description("show the health of etcd, the database of Kubernetes, take a snapshot of it, or restore one")
  .addHelpText("after", "\nexit codes: 0 done, 1 an error; each command has its own in its --help");
addStatusCommand(program);
addSnapshotCommand(program);
addRestoreCommand(program);
run("etcd", program);
