import { closeSync, openSync } from "node:fs";
import { runGroup, tail } from "../../process/process-group";
import { findProgram } from "../../toolchain/context";
import { TalosError } from "../errors";

/** Whom age encrypts for; each of them can decrypt. */
export interface AgeRecipients {
  /** `age1…`, or an SSH public key. */
  readonly recipients: readonly string[];
  /** Files with one recipient a line. */
  readonly files: readonly string[];
}

export interface AgeProps {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

export const hasRecipients = ({ recipients, files }: AgeRecipients): boolean =>
  recipients.length + files.length > 0;

/** The absolute path of age. @throws TalosError where it is not on PATH */
export async function findAge({ env }: Pick<AgeProps, "env">): Promise<string> {
  const path = await findProgram("age", env);
  if (path !== undefined) return path;
  throw new TalosError(
    "age is not on PATH, and nothing is encrypted without it; install it (https://age-encryption.org; apt install age, brew install age)",
  );
}

/** Encrypts a file into a new one that only this user can read. @throws TalosError where age refuses */
export async function encryptWithAge(
  input: string,
  output: string,
  { recipients, files }: AgeRecipients,
  { env, signal }: AgeProps,
): Promise<void> {
  const age = await findAge({ env });
  // age would make it readable for everybody.
  closeSync(openSync(output, "wx", 0o600));
  // Public keys may be seen by everybody.
  const to = [...recipients.flatMap((each) => ["-r", each]), ...files.flatMap((each) => ["-R", each])];
  const { exitCode, stderr } = await runGroup(age, ["--encrypt", ...to, "-o", output, input], {
    env,
    signal,
  });
  if (exitCode === 0) return;
  throw new TalosError(`age did not encrypt the snapshot: ${tail(stderr, 3)}`);
}
