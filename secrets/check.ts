import { SECRETS, SECRETS_FILE, waysToGive } from "../domain/secrets";
import { unknownKeys, valuesIn } from "./environment";
import { SecretsError } from "./errors";
import { findSopsConfig, readEncryptedFile, recipientsIn } from "./secrets-file";
import { decrypt, encrypt, IN_PLAIN_TEXT, type SopsProps } from "./sops";

export interface CheckProps extends SopsProps {
  /** The variables that the project needs for its cluster.yaml. */
  readonly needed: readonly string[];
  /** Whether to leave out what needs a key: the MAC and the values. */
  readonly withoutKey: boolean;
}

export interface CheckReport {
  readonly file: string;
  /** Who can open the file. */
  readonly recipients: readonly string[];
  /** The keys that have a value. */
  readonly keys: readonly string[];
  /** Whether the file is as it was encrypted; undefined if that was not checked. */
  readonly macHolds?: boolean;
  /** What is wrong, with what to do. */
  readonly problems: readonly string[];
  /** What may be meant so. */
  readonly warnings: readonly string[];
}

/**
 * Checks the file of secrets: who can read it, which keys are missing or unknown, whether all of it is encrypted, and
 * whether it is as it was encrypted.
 * @throws SecretsError if there is no such file, or it is none of sops
 */
export async function checkSecrets(props: CheckProps): Promise<CheckReport> {
  const file = readEncryptedFile(props.folder);
  if (file === undefined)
    throw new SecretsError(`there is no ${SECRETS_FILE}; make it: npm run secrets -- init`);
  const unknown = [...unknownKeys(file.keys)];
  // A value in plain text has a line of its own.
  const opened = props.withoutKey || file.plain.length > 0 ? {} : await open(props);
  const problems = [
    ...file.plain.map((key) => `${key} ${IN_PLAIN_TEXT}`),
    ...missingKeys(props, file.filled),
    ...unknown.flatMap(([key, meant]) => (meant ? [`${key} is no key; did you mean ${meant}?`] : [])),
    ...(await recipientProblems(props, file.recipients)),
    ...(opened.problem ? [opened.problem] : []),
  ];
  const warnings = unknown.flatMap(([key, meant]) => (meant ? [] : [`${key} is read by no command of ours`]));
  const { macHolds } = opened;
  const { recipients, filled: keys } = file;
  return {
    file: file.path,
    recipients,
    keys,
    ...(macHolds !== undefined && { macHolds }),
    problems,
    warnings,
  };
}

/** One of several variables of a key is enough for its line. */
function missingKeys({ needed }: CheckProps, filled: readonly string[]): readonly string[] {
  return SECRETS.filter(({ key, variables }) => {
    return variables.some((each) => needed.includes(each)) && !filled.includes(key);
  }).map(({ key, variables, what }) => {
    const [variable = ""] = variables.filter((each) => needed.includes(each));
    return `${key} is missing (${what}); ${waysToGive(variable)}`;
  });
}

/** Opens the file, and reads each value as a command does. */
async function open(props: SopsProps): Promise<{ readonly macHolds?: boolean; readonly problem?: string }> {
  let json: string | undefined;
  try {
    json = await decrypt(props, "json");
    valuesIn(json);
    return { macHolds: true };
  } catch (error) {
    if (!(error instanceof SecretsError)) throw error;
    const macHolds = json !== undefined ? true : error.reason === "changed" ? false : undefined;
    return { ...(macHolds !== undefined && { macHolds }), problem: error.message };
  }
}

/** Compares who can read the file with who could if it were encrypted now: sops itself says what its rules mean. */
export async function recipientProblems(
  props: SopsProps,
  actual: readonly string[],
): Promise<readonly string[]> {
  if (findSopsConfig(props.folder) === undefined) {
    return [`there is no .sops.yaml, so the file cannot be encrypted again; docs/secrets.md shows one`];
  }
  let wanted: readonly string[];
  try {
    wanted = recipientsIn(await encrypt(props, "probe: none\n"));
  } catch (error) {
    if (!(error instanceof SecretsError)) throw error;
    return [error.message];
  }
  const fix = "npm run secrets -- rotate";
  return [
    ...wanted
      .filter((each) => !actual.includes(each))
      .map((each) => `${each} is in .sops.yaml and cannot read the file; ${fix}`),
    ...actual
      .filter((each) => !wanted.includes(each))
      .map(
        (each) =>
          `${each} can read the file and is not in .sops.yaml; ${fix}, and make new secrets if its owner must not know them`,
      ),
  ];
}
