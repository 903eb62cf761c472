import type { Command } from "commander";
import { certificateProblem, readCertificates } from "../../talos/health/certificates";
import { certificatesJson, certificateTable } from "../../talos/health/report";
import { addTalosOptions, runOnCluster, type TalosOptions } from "../talos-command";

/** As with `npm run drift`, 1 is an error and 2 is a difference from what should be. */
const EXIT = { valid: 0, problems: 2 } as const;

interface StatusOptions extends TalosOptions {
  readonly json?: boolean;
  readonly kubernetes: boolean;
}

export function addStatusCommand(program: Command): void {
  addTalosOptions(program.command("status"))
    .description(
      "shows the certificates of the credentials, and those that the cluster shows to whoever connects to it",
    )
    .option("--json", "print one JSON document")
    .option("--no-kubernetes", "only those of Talos and of the credentials")
    .addHelpText(
      "after",
      "\nexit codes: 0 all are valid; 1 they cannot be read; 2 one has expired, or has less than 60 days left and is renewed by you",
    )
    .action((options: StatusOptions) =>
      runOnCluster(options, async (cluster) => {
        const certificates = await readCertificates(cluster, options);
        const now = new Date();
        const problems = certificates.flatMap((certificate) => {
          const problem = certificateProblem(certificate, now);
          return problem === undefined ? [] : [`${certificate.name} ${problem}`];
        });
        if (options.json) {
          const document = { certificates: certificatesJson(certificates, now), problems };
          console.log(JSON.stringify(document, null, 2));
        } else console.log([certificateTable(certificates, now), ...problems].join("\n"));
        return problems.length > 0 ? EXIT.problems : EXIT.valid;
      }),
    );
}
