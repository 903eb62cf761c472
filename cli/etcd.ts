// `npm run etcd -- <command>`: snapshots of etcd, and how it is.
import { Command } from "commander";
import { addSnapshotCommand } from "./etcd/snapshot";
import { addStatusCommand } from "./etcd/status";

const program = new Command("npm run etcd --")
  .description("the database of Kubernetes: how it is, and snapshots of it")
  .showHelpAfterError();
addStatusCommand(program);
addSnapshotCommand(program);
void program.parseAsync();
