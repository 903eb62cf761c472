import type { Command } from "commander";
import { loadFromEnv } from "../../config";
import { confirm } from "../../process/confirm";
import { loadProject } from "../../state/project";
import { type Renewal, renewClientCertificate } from "../../talos/certificates/renew";
import type { ClusterProps } from "../../talos/cluster";
import { TalosError } from "../../talos/errors";
import { CLUSTER_OPTION } from "../choose-cluster";
import { runForUser } from "../talos-command";

interface RenewOptions {
  readonly cluster?: string;
  readonly dryRun?: boolean;
  readonly autoApprove?: boolean;
  readonly json?: boolean;
}

/** Where the secrets are out of the state, there is nothing to renew. */
type Outcome = Renewal | "out of state";

/** As with `tofu plan -detailed-exitcode`, 1 is an error and 2 is a change that would be made. */
const EXIT: Readonly<Record<Outcome, number>> = {
  renewed: 0,
  "not due": 0,
  "out of state": 0,
  declined: 1,
  due: 2,
};

const TEXT: Readonly<Record<Outcome, string>> = {
  "out of state":
    "the secrets are out of the state, and so is the client certificate: every command makes one for itself. a new one for you: npm run talosconfig -- --merge",
  renewed:
    "the client certificate is renewed. take it into your own file: npm run talosconfig -- --merge. the next deploy gives it to the " +
    "resources of the nodes, which restarts nothing; a new kubeconfig: npm run kubeconfig -- --new --merge",
  "not due":
    "the client certificate is not due: it is renewed in the last month of its year, and nothing was changed",
  declined: "not approved, nothing was changed",
  due: "the client certificate would be renewed, and nothing else changed",
};

export function addRenewCommand(program: Command): void {
  program
    .command("renew")
    .description(
      "renew the client certificate of the talosconfig, by an apply of nothing but that. no node is asked, no CA changes",
    )
    .option(...CLUSTER_OPTION)
    .option("--dry-run", "show whether it would be renewed, and change nothing")
    .option("--auto-approve", "do not ask")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      "\nexit codes: 0 renewed, or not due; 1 it failed; 2 with --dry-run: it would be renewed\nenvironment: as for npm run deploy",
    )
    .action((options: RenewOptions) =>
      runForUser(options.cluster, (props) => renew(options, props), { needsSecrets: true }),
    );
}

async function renew(options: RenewOptions, { env, folder, signal, report }: ClusterProps): Promise<number> {
  const isOutOfState = loadFromEnv({ env }).config.talos?.secrets === "out-of-state";
  const outcome = isOutOfState
    ? "out of state"
    : await renewClientCertificate({
        project: loadProject(env, folder),
        signal,
        report,
        dryRun: options.dryRun ?? false,
        approve: () => approved(options.autoApprove ?? false, signal),
        onLine: report,
      });
  if (options.json) console.log(JSON.stringify({ outcome }, null, 2));
  else console.log(TEXT[outcome]);
  return EXIT[outcome];
}

async function approved(isApproved: boolean, signal: AbortSignal): Promise<boolean> {
  if (isApproved) return true;
  const answer = await confirm("Renew the client certificate?", { signal });
  if (answer !== undefined) return answer;
  throw new TalosError(
    "renew asks for approval, and there is no terminal to answer on; read what it would do with --dry-run, then pass --auto-approve",
  );
}
