import { z } from "zod";
import { TALOS_SECRETS_ADDRESS } from "../../domain/talos-secrets";
import { tail } from "../../process/process-group";
import { TalosError } from "../errors";
import { type StateCopyProps, withOwnStack } from "../state-copy";

/** Address of the secrets, which the client certificate is a part of. */
/** And of the talosconfig that is made of it. */
const TARGETS = [TALOS_SECRETS_ADDRESS, "data.talos_client_configuration.cluster"];

const plan = z.object({
  resource_changes: z
    .array(
      z.object({
        address: z.string(),
        change: z.object({
          actions: z.array(z.string()),
          after_unknown: z.record(z.string(), z.unknown()).default({}),
        }),
      }),
    )
    .default([]),
});

/** What became of a renewal. */
export type Renewal = "renewed" | "not due" | "due" | "declined";

export interface RenewProps extends StateCopyProps {
  /** Only finds out whether it is due. */
  readonly dryRun: boolean;
  /** Asked before anything is changed. */
  readonly approve: () => Promise<boolean>;
  /** Each line that OpenTofu writes in the apply. */
  readonly onLine: (line: string) => void;
}

/**
 * Renews the client certificate of the talosconfig by an apply of nothing but that: together with a changed machine config, the
 * provider would fail. No node is asked, and none gets anything. The provider renews it in the last month of its time.
 * @throws TalosError if the plan or the apply fails, or the plan would change anything else
 */
export function renewClientCertificate(props: RenewProps): Promise<Renewal> {
  return withOwnStack(props, async ({ tofu }) => {
    const run = async (...args: readonly string[]): Promise<string> => {
      const { exitCode, stdout, stderr } = await tofu(...args);
      if (exitCode === 0) return stdout;
      throw new TalosError(
        `the client certificate was not renewed: tofu ${args[0]} failed:\n\n${tail(stderr || stdout, 30)}`,
      );
    };
    await run("init", "-input=false", "-no-color");
    const targets = TARGETS.map((address) => `-target=${address}`);
    await run("plan", "-input=false", "-no-color", "-refresh=false", "-out=plan", ...targets);
    const isDue = renewalIn(JSON.parse(await run("show", "-json", "plan")));
    if (!isDue) return "not due";
    if (props.dryRun) return "due";
    if (!(await props.approve())) return "declined";
    props.onLine(tail(await run("apply", "-input=false", "-no-color", "plan"), 5));
    return "renewed";
  });
}

/** Whether a plan renews the certificate. @throws TalosError if it would do anything else */
export function renewalIn(shown: unknown): boolean {
  const changes = plan
    .parse(shown)
    .resource_changes.filter(({ change }) => !["no-op", "read"].includes(change.actions.join()));
  const others = changes.filter(
    ({ address, change }) => address !== TALOS_SECRETS_ADDRESS || change.actions.join() !== "update",
  );
  if (others.length > 0) {
    const what = others.map(({ address, change }) => `${address} (${change.actions.join(", ")})`).join(", ");
    throw new TalosError(
      `nothing was changed: more than the certificate would be changed: ${what}; run npm run plan, and see why`,
    );
  }
  return changes.some(({ change }) => change.after_unknown.client_configuration !== undefined);
}
