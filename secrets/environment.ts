import { closestWord } from "../config/spelling";
import { SECRETS, SECRETS_FILE, type Secret, TOGETHER } from "../domain/secrets";
import { SecretsError } from "./errors";
import { readEncryptedFile } from "./secrets-file";
import { decrypt, type SopsProps } from "./sops";

/** Environment variables with their values. */
export type Variables = Readonly<Record<string, string>>;

/**
 * The variables that the environment does not have and the file has. Nothing is decrypted where the environment has them
 * all. An empty variable counts as not set, because CI systems set a missing one to "".
 *
 * @param only these variables, for commands that need few
 * @throws SecretsError if the file cannot be opened
 */
export async function missingVariables(props: SopsProps, only?: readonly string[]): Promise<Variables> {
  const file = readEncryptedFile(props.folder);
  if (file === undefined) return {};
  refuseMisspelt(file.keys);
  const wanted = SECRETS.filter(({ key }) => file.filled.includes(key)).flatMap(({ key, variables }) =>
    variables
      .filter((variable) => (only?.includes(variable) ?? true) && isOpen(variable, props.env))
      .map((variable) => [variable, key] as const),
  );
  if (wanted.length === 0) return {};
  const values = valuesIn(await decrypt(props, "json"));
  return Object.fromEntries(wanted.map(([variable, key]) => [variable, values[key] ?? ""]));
}

/** All variables of the file, whatever the environment has. @throws SecretsError if it cannot be opened */
export async function allVariables(props: SopsProps): Promise<Variables> {
  const values = await readValues(props);
  const pairs = SECRETS.flatMap(({ key, variables }) =>
    variables.map((variable) => [variable, values[key] ?? ""] as const),
  );
  return Object.fromEntries(pairs.filter(([, value]) => value !== ""));
}

/** The secrets by key. @throws SecretsError if there is no file, or it cannot be opened */
export async function readValues(props: SopsProps): Promise<Variables> {
  const file = readEncryptedFile(props.folder);
  if (file === undefined) {
    throw new SecretsError(
      `there is no ${SECRETS_FILE} in ${props.folder}; make it: npm run secrets -- init`,
    );
  }
  refuseMisspelt(file.keys);
  return valuesIn(await decrypt(props, "json"));
}

/** The keys that are none of ours, with what was meant by each. */
export function unknownKeys(keys: readonly string[]): ReadonlyMap<string, Secret["key"] | undefined> {
  const known = SECRETS.map(({ key }) => key);
  const unknown = keys.filter((key) => !known.includes(key));
  // A key that is there is not what another was meant to be.
  const absent = known.filter((key) => !keys.includes(key));
  return new Map(unknown.map((key) => [key, closestWord(key, absent)]));
}

/** Others may keep further secrets in the file, but a misspelt one of ours would do nothing. */
function refuseMisspelt(keys: readonly string[]): void {
  for (const [key, meant] of unknownKeys(keys)) {
    if (meant === undefined) continue;
    throw new SecretsError(
      `${SECRETS_FILE} has the key ${key}; did you mean ${meant}? rename it: npm run secrets -- edit`,
    );
  }
}

/** Whether a variable is not set, and none that belongs to it is. */
function isOpen(variable: string, env: NodeJS.ProcessEnv): boolean {
  const group = TOGETHER.find((names) => names.includes(variable)) ?? [variable];
  return group.every((name) => !env[name]);
}

/** @throws SecretsError for a value of ours that is no text: YAML has made a number or a date of it */
export function valuesIn(json: string): Variables {
  const found = JSON.parse(json) as Readonly<Record<string, unknown>>;
  const own = SECRETS.map(({ key }) => [key, found[key] ?? ""] as const);
  const wrong = own.find(([, value]) => typeof value !== "string");
  if (wrong) {
    throw new SecretsError(
      `${SECRETS_FILE}: ${wrong[0]} is a ${Array.isArray(wrong[1]) ? "list" : typeof wrong[1]}, not text; put quotes around it: npm run secrets -- edit`,
    );
  }
  const broken = own.find(([, value]) => /[\n\r\0]/.test(value as string));
  if (broken) {
    throw new SecretsError(
      `${SECRETS_FILE}: ${broken[0]} has a line break in it; write it in one line: npm run secrets -- edit`,
    );
  }
  return Object.fromEntries(own) as Variables;
}
