import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { SECRETS_FILE } from "../domain/secrets";
import { SecretsError } from "./errors";
import { plainKeysIn, readEncryptedFile } from "./secrets-file";

/** How sops is run. */
export interface SopsProps {
  /** The folder of the file. */
  readonly folder: string;
  /** Its name. @default SECRETS_FILE */
  readonly name?: string;
  /** The variables that tell sops where its keys are, and PATH. */
  readonly env: NodeJS.ProcessEnv;
  /** Finds sops, and makes it where there is none. */
  readonly sops: () => Promise<string>;
}

/** What to do about a value in a file that is encrypted otherwise. */
export const IN_PLAIN_TEXT =
  "is in plain text; delete its line and add it again with npm run secrets -- edit. if it was ever committed, make a new one";
const TAKE_GOOD_ONE = "take it from the last good commit";
/** The same of the secrets of Talos, which nobody changes. */
const isEdited = (name: string) => name === SECRETS_FILE;

/** The exit codes of sops that we explain. */
const EXIT = { macMismatch: 51, noKey: 128 } as const;

/**
 * Decrypts the file. The plain text comes through a pipe and stays in memory.
 * @throws SecretsError if none of the keys of this machine opens it, or it was changed after it was encrypted
 */
export async function decrypt(props: SopsProps, format: "json" | "yaml"): Promise<string> {
  const { folder, name = SECRETS_FILE } = props;
  const [plain] = readEncryptedFile(folder, name)?.plain ?? [];
  // sops would show the value in its error.
  if (plain) {
    const text = isEdited(name) ? IN_PLAIN_TEXT : `is in plain text; ${TAKE_GOOD_ONE}`;
    throw new SecretsError(`${name}: ${plain} ${text}`);
  }
  const args = ["decrypt", "--output-type", format, name];
  const { code, stdout, stderr } = await run(props, args);
  if (code === 0) return stdout;
  if (code === EXIT.macMismatch) {
    throw new SecretsError(
      `${name}: it was changed after it was encrypted (its MAC does not hold), so nothing in it is trusted; ` +
        (isEdited(name) ? `${TAKE_GOOD_ONE}, and make changes with npm run secrets -- edit` : TAKE_GOOD_ONE),
      "changed",
    );
  }
  if (code === EXIT.noKey) {
    throw new SecretsError(
      `${name}: no key of this machine opens it; set SOPS_AGE_KEY_FILE or SOPS_AGE_KEY to an identity of one of ` +
        "its recipients (npm run secrets -- check lists them), or have somebody who can read it add yours to .sops.yaml",
      "no key",
    );
  }
  throw new SecretsError(
    `${name}: sops decrypt ended with ${code}: ${lastLines(stderr)}; if the file is damaged, ${TAKE_GOOD_ONE}`,
  );
}

/**
 * Encrypts YAML by the rule of `.sops.yaml` for the file, with a new data key. sops reads it from a pipe: no plain text is
 * written to disk.
 * @param recipients of age, instead of those of `.sops.yaml`
 * @throws SecretsError if there is no rule, it leaves secrets in plain text, or a recipient is none
 */
export async function encrypt(
  props: SopsProps,
  yaml: string,
  recipients?: readonly string[],
): Promise<string> {
  const types = ["--input-type", "yaml", "--output-type", "yaml"];
  const to = recipients ? ["--age", recipients.join(",")] : [];
  // Without a file name sops reads its standard input. /dev/stdin would not work: Node passes a socket.
  const { name = SECRETS_FILE } = props;
  const args = ["encrypt", ...types, ...to, "--filename-override", name];
  const { code, stdout, stderr } = await run(props, args, yaml);
  const [plain] = code === 0 ? plainKeysIn(stdout, name) : [];
  if (plain) {
    throw new SecretsError(
      `${name}: by its rule in .sops.yaml, sops would leave ${plain} in plain text, so nothing was written; give the file a rule of its own, before the others and without encrypted_regex and the like`,
    );
  }
  if (code === 0) return stdout;
  const hint = recipients ? "is each --age a recipient (age1…)?" : "is there a rule for it in .sops.yaml?";
  throw new SecretsError(`${name}: sops encrypt ended with ${code}: ${lastLines(stderr)}; ${hint}`);
}

async function run(
  { folder, env, sops }: SopsProps,
  args: readonly string[],
  input?: string,
): Promise<{ readonly code: string | number; readonly stdout: string; readonly stderr: string }> {
  const running = promisify(execFile)(await sops(), args, { cwd: folder, env, maxBuffer: 16 << 20 });
  // If sops ends early, the pipe breaks. Its exit code is reported.
  running.child.stdin?.on("error", () => undefined).end(input ?? "");
  try {
    return { code: 0, ...(await running) };
  } catch (error) {
    const { code, stderr = "", message } = error as Error & { code?: string | number; stderr?: string };
    return { code: code ?? "a signal", stdout: "", stderr: stderr || message };
  }
}

/** What sops says about a failure: keys, files and reasons, and no value. */
const lastLines = (stderr: string): string =>
  stderr
    .replaceAll(/Input string .* does not match/g, "a value does not match")
    .trim()
    .split("\n")
    .slice(-6)
    .join("\n");
