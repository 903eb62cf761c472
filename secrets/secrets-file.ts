import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { isMap, isScalar, parseDocument, type YAMLMap } from "yaml";
import { findClusters } from "../config/find-files";
import { SECRETS, SECRETS_FILE } from "../domain/secrets";
import { displayPath } from "../process/display-path";
import { SecretsError } from "./errors";

/** The file as it is on disk. Its keys can be read by anybody, its values only by its recipients. */
export interface EncryptedFile {
  readonly path: string;
  readonly keys: readonly string[];
  /** The keys whose values are not empty. */
  readonly filled: readonly string[];
  /** Who can open it: recipients of age, fingerprints of PGP, names of keys of a key service. */
  readonly recipients: readonly string[];
  /** The keys whose values are in plain text and must not be. Of keys that are not ours, sops may have been told to leave them so. */
  readonly plain: readonly string[];
}

/**
 * The folder of the secrets: that of `cluster.yaml`, or of several clusters the one that `clusters/` is in; the working
 * folder where there is no cluster yet.
 */
export function secretsFolder(env: NodeJS.ProcessEnv): string {
  try {
    const [first] = findClusters({ clusterConfig: env.CLUSTER_CONFIG }).all;
    if (first) return resolve(dirname(first.clusterFile), first.name === undefined ? "." : "../..");
  } catch {
    // The command that needs a cluster says what is wrong with its files.
  }
  return process.cwd();
}

/** The `.sops.yaml` that sops takes: of this folder, or of the nearest above it. */
export function findSopsConfig(folder: string): string | undefined {
  const file = join(folder, ".sops.yaml");
  if (existsSync(file)) return file;
  const above = dirname(folder);
  return above === folder ? undefined : findSopsConfig(above);
}

export const secretsPath = (folder: string, name = SECRETS_FILE): string => join(folder, name);

/**
 * Reads what can be read without a key.
 * @returns undefined if there is no such file @throws SecretsError if it is none of sops
 */
export function readEncryptedFile(folder: string, name = SECRETS_FILE): EncryptedFile | undefined {
  const path = secretsPath(folder, name);
  if (!existsSync(path)) return undefined;
  const document = parseDocument(readFileSync(path, "utf8"));
  const { contents } = document;
  if (document.errors.length > 0 || !isMap(contents)) {
    const [line = "it is no map"] = (document.errors[0]?.message ?? "").split("\n").filter(Boolean);
    throw new SecretsError(
      `${displayPath(path)}: ${line.replace(/:$/, "")}; take it from the last good commit`,
    );
  }
  const isThere = contents.has("sops");
  if (!isThere && contents.items.some(({ value }) => hasCiphertext(value))) {
    throw new SecretsError(
      `${displayPath(path)} is cut off: it has encrypted values, and not what sops needs to open them; take it from the last good commit`,
    );
  }
  if (!isThere) {
    throw new SecretsError(
      `${displayPath(path)} is in plain text; encrypt it: sops encrypt --in-place ${displayPath(path)}. ` +
        "if it was ever committed, make new secrets, since everybody with the repository has these",
    );
  }
  const entries = entriesOf(contents);
  const filled = entries.filter(({ value }) => !isEmpty(value));
  return {
    path,
    keys: entries.map(({ key }) => key),
    filled: filled.map(({ key }) => key),
    recipients: recipientsOf((document.toJS() as { readonly sops: unknown }).sops),
    plain: plainKeys(contents, name),
  };
}

interface Entry {
  readonly key: string;
  readonly value: unknown;
}

const entriesOf = (contents: YAMLMap): readonly Entry[] =>
  contents.items.map(({ key, value }) => ({ key: String(key), value })).filter(({ key }) => key !== "sops");

const isEmpty = (value: unknown) => isScalar(value) && (value.value === "" || value.value === null);

const plainKeys = (contents: YAMLMap, name: string): readonly string[] =>
  entriesOf(contents)
    .filter(
      ({ key, value }) => (name !== SECRETS_FILE || isOurs(key)) && !isEmpty(value) && !isEncrypted(value),
    )
    .map(({ key }) => key);

/** The keys whose values are in plain text and must not be, in a text that sops has made. */
export function plainKeysIn(encrypted: string, name: string): readonly string[] {
  const { contents } = parseDocument(encrypted);
  return isMap(contents) ? plainKeys(contents as YAMLMap, name) : [];
}

const isOurs = (key: string): boolean => SECRETS.some((each) => each.key === key);

/** The recipients in an encrypted text. */
export const recipientsIn = (encrypted: string): readonly string[] =>
  recipientsOf((parseDocument(encrypted).toJS() as { readonly sops?: unknown }).sops);

const isCiphertext = (value: unknown) => typeof value === "string" && value.startsWith("ENC[AES256_GCM,");

function hasCiphertext(node: unknown): boolean {
  if (isScalar(node)) return isCiphertext(node.value);
  const items = (node as { readonly items?: readonly unknown[] } | null)?.items ?? [];
  return items.some((item) => hasCiphertext((item as { readonly value?: unknown }).value ?? item));
}

function isEncrypted(node: unknown): boolean {
  if (isScalar(node)) return isCiphertext(node.value);
  const items = (node as { readonly items?: readonly unknown[] } | null)?.items ?? [];
  return items.every((item) => isEncrypted((item as { readonly value?: unknown }).value ?? item));
}

/** What names a key in sops' metadata, for each kind of key service. */
const NAMES = ["recipient", "fp", "arn", "resource_id", "key_id", "vault_url", "vault_address"] as const;

function recipientsOf(metadata: unknown): readonly string[] {
  if (Array.isArray(metadata)) return metadata.flatMap(recipientsOf);
  if (typeof metadata !== "object" || metadata === null) return [];
  const fields = metadata as Readonly<Record<string, unknown>>;
  const name = NAMES.map((each) => fields[each]).find((each) => typeof each === "string");
  if (typeof name === "string") {
    const more = [fields.engine_path, fields.key_name, fields.name].filter(
      (each) => typeof each === "string",
    );
    return [[name, ...more].join(" ")];
  }
  return Object.values(fields).flatMap(recipientsOf);
}
