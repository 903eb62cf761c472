import { closeSync, openSync } from "node:fs";
import { runGroup, tail } from "../../process/process-group";
import { resolveTool } from "../../toolchain";
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
  /** Shows that age is built, where it is. */
  readonly report: (line: string) => void;
}

export const hasRecipients = ({ recipients, files }: AgeRecipients): boolean =>
  recipients.length + files.length > 0;

/** The absolute path of age: on PATH, or built once. @throws ToolchainError if it cannot be had */
export async function findAge(props: AgeProps): Promise<string> {
  return (await resolveTool("age", props)).path;
}

/** Encrypts a file into a new one that only this user can read. @throws TalosError if age refuses */
export async function encryptWithAge(
  input: string,
  output: string,
  { recipients, files }: AgeRecipients,
  props: AgeProps,
): Promise<void> {
  const { env, signal } = props;
  const age = await findAge(props);
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
