import { TALOS_SECRETS_FILE } from "../domain/talos-secrets";
import { type CheckReport, recipientProblems } from "./check";
import { SecretsError } from "./errors";
import { type EncryptedFile, readEncryptedFile } from "./secrets-file";
import { decrypt, type SopsProps } from "./sops";

export interface TalosCheckProps extends SopsProps {
  /** Whether to leave out what needs a key: the MAC and the secrets themselves. */
  readonly withoutKey: boolean;
  /** What a cluster would miss in the decrypted content, without a value; undefined if nothing. */
  readonly problemOf: (content: unknown) => string | undefined;
}

/**
 * Checks the file with the secrets of Talos, which is beside `cluster.yaml`: who can read it, whether all of it is encrypted, and
 * whether it has all secrets of a cluster. No secret is in the report.
 * @returns undefined if there is no such file
 * @throws SecretsError if it is none of sops
 */
export async function checkTalosSecrets(given: TalosCheckProps): Promise<CheckReport | undefined> {
  const props = { ...given, name: TALOS_SECRETS_FILE };
  const file = readEncryptedFile(props.folder, props.name);
  if (file === undefined) return undefined;
  const { macHolds, problems } = props.withoutKey ? { problems: [] } : await opened(props, file);
  return {
    file: file.path,
    recipients: file.recipients,
    keys: file.filled,
    ...(macHolds !== undefined && { macHolds }),
    problems: [
      ...file.plain.map(
        (key) => `${key} is in plain text; ${FROM_GIT}, and make other secrets if it was ever committed`,
      ),
      ...(await recipientProblems(props, file.recipients)),
      ...problems,
    ],
    warnings: [],
  };
}

const FROM_GIT = "take the file from the last good commit";

/** Opens the file, and looks whether a cluster could do with what is in it. */
async function opened(
  props: TalosCheckProps,
  { plain }: EncryptedFile,
): Promise<{ readonly macHolds?: boolean; readonly problems: readonly string[] }> {
  // sops would show a value in plain text in its error.
  if (plain.length > 0) return { problems: [] };
  try {
    const problem = props.problemOf(JSON.parse(await decrypt(props, "json")));
    return { macHolds: true, problems: problem === undefined ? [] : [`${problem}; ${FROM_GIT}`] };
  } catch (error) {
    if (!(error instanceof SecretsError)) throw error;
    return { ...(error.reason === "changed" && { macHolds: false }), problems: [error.message] };
  }
}
