import { TALOS_SECRETS_FILE } from "../domain/talos-secrets";
import { type CheckProps, type CheckReport, recipientProblems } from "./check";
import { SecretsError } from "./errors";
import { readEncryptedFile } from "./secrets-file";
import { decrypt } from "./sops";

/** What is checked of the secrets of Talos that are out of the state: who can read them, and that they are as they were encrypted. */
export type TalosCheckReport = Pick<CheckReport, "file" | "recipients" | "macHolds" | "problems">;

/** @returns undefined if the cluster in this folder has no such file @throws SecretsError if it is none of sops */
export async function checkTalosSecrets(
  props: Omit<CheckProps, "needed">,
): Promise<TalosCheckReport | undefined> {
  const own = { ...props, name: TALOS_SECRETS_FILE };
  const found = readEncryptedFile(own.folder, own.name);
  if (found === undefined) return undefined;
  const { path: file, recipients } = found;
  const opened = props.withoutKey ? {} : await open(own);
  const problems = [
    ...(await recipientProblems(own, recipients)),
    ...(opened.problem ? [opened.problem] : []),
  ];
  const { macHolds } = opened;
  return { file, recipients, ...(macHolds !== undefined && { macHolds }), problems };
}

async function open(
  own: Parameters<typeof decrypt>[0],
): Promise<{ readonly macHolds?: boolean; readonly problem?: string }> {
  try {
    await decrypt(own, "json");
    return { macHolds: true };
  } catch (error) {
    if (!(error instanceof SecretsError)) throw error;
    return { ...(error.reason === "changed" && { macHolds: false }), problem: error.message };
  }
}
