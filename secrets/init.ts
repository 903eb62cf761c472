import { randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Document } from "yaml";
import { SECRETS, SECRETS_FILE } from "../domain/secrets";
import { SecretsError } from "./errors";
import { findSopsConfig, secretsPath } from "./secrets-file";
import { encrypt, type SopsProps } from "./sops";
import { sopsConfig } from "./sops-config";
import { writeSecrets } from "./update";

export interface InitProps extends SopsProps {
  /** Who can read the secrets. Not asked for where there is a `.sops.yaml`. */
  readonly recipients: () => Promise<readonly string[]>;
  /** Whether the caller has named recipients, which a `.sops.yaml` that is there would not have. */
  readonly named: boolean;
}

/** Where a value of the new file is from; an empty one has to be filled in. */
export type Origin = "environment" | "generated" | "empty";

export interface Initialized {
  /** `.sops.yaml`, if it was made. */
  readonly config?: string;
  readonly file: string;
  readonly origins: ReadonlyMap<string, Origin>;
}

/** Secrets that nobody else gives. */
const GENERATED: Readonly<Record<string, () => string>> = {
  state_passphrase: () => randomBytes(32).toString("base64"),
  tfstate_username: () => "owner",
  // Of letters and digits alone, so that it needs no quotes anywhere.
  tfstate_password: () => randomBytes(24).toString("hex"),
};

/**
 * Makes `.sops.yaml` and the file of secrets: with the values of the environment, new ones for what nobody else gives, and
 * the rest empty. Nothing that is there is overwritten.
 * @throws SecretsError if the file is there
 */
export async function initialize(props: InitProps): Promise<Initialized> {
  const { folder, env } = props;
  const path = secretsPath(folder);
  if (existsSync(path)) {
    throw new SecretsError(`${SECRETS_FILE} is there already; change it: npm run secrets -- edit`);
  }
  const found = findSopsConfig(folder);
  if (found && props.named) {
    throw new SecretsError(
      `${found} says who can read the secrets; add the recipient there, and leave out --age`,
    );
  }
  const origins = new Map<string, Origin>();
  const document = new Document({});
  for (const { key, variables, what, rare } of SECRETS) {
    const given = variables.map((name) => env[name]).find(Boolean);
    if (rare && !given) continue;
    const value = given ?? GENERATED[key]?.() ?? "";
    origins.set(key, given ? "environment" : value ? "generated" : "empty");
    const pair = document.createPair(document.createNode(key), document.createNode(value));
    (pair.key as { commentBefore?: string }).commentBefore = ` ${what}`;
    document.add(pair);
  }
  const recipients = found ? undefined : await props.recipients();
  const encrypted = await encrypt(props, String(document), recipients);
  const config = join(folder, ".sops.yaml");
  if (recipients) writeFileSync(config, sopsConfig(recipients), { flag: "wx" });
  return { ...(recipients && { config }), file: writeSecrets(folder, encrypted), origins };
}
