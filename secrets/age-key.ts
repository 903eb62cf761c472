import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { SecretsError } from "./errors";

/** The identity of a person, as sops finds it. */
export interface OwnKey {
  /** What others may know: who encrypts for it needs nothing else. */
  readonly recipients: readonly string[];
  /** Where the identity is. */
  readonly source: string;
  readonly isNew: boolean;
}

/** Where sops looks for identities if no variable names another place. */
export function identityFile(env: NodeJS.ProcessEnv, platform: NodeJS.Platform = process.platform): string {
  const home = env.HOME ?? homedir();
  const config =
    env.XDG_CONFIG_HOME ||
    join(home, platform === "darwin" ? join("Library", "Application Support") : ".config");
  return join(config, "sops", "age", "keys.txt");
}

/**
 * The recipients of the identity that sops would use; one is made where there is none. The identity itself goes through a
 * pipe or stays in its file.
 * @param ageKeygen path of age-keygen
 * @throws SecretsError if the identity cannot be read
 */
export function ownKey(ageKeygen: string, env: NodeJS.ProcessEnv): OwnKey {
  if (env.SOPS_AGE_KEY) {
    const recipients = keygen(ageKeygen, ["-y"], "SOPS_AGE_KEY", env.SOPS_AGE_KEY);
    return { recipients, source: "SOPS_AGE_KEY", isNew: false };
  }
  const file = env.SOPS_AGE_KEY_FILE || identityFile(env);
  const isNew = !existsSync(file);
  if (isNew) {
    if (env.SOPS_AGE_KEY_FILE) {
      throw new SecretsError(
        `SOPS_AGE_KEY_FILE names ${file}, which does not exist; correct it, or make a key: age-keygen -o ${file}`,
      );
    }
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    keygen(ageKeygen, ["-o", file], file);
  }
  return { recipients: keygen(ageKeygen, ["-y", file], file), source: file, isNew };
}

function keygen(program: string, args: readonly string[], what: string, input = ""): readonly string[] {
  const { status, stdout, stderr, error } = spawnSync(program, args, { input, encoding: "utf8" });
  if (error) throw error;
  if (status === 0) return stdout.split("\n").filter(Boolean);
  throw new SecretsError(
    `${what}: ${stderr.trim().split("\n")[0]}; is it an identity of age (age-keygen -o)?`,
  );
}
