import { TALOS_SECRETS_FILE } from "../../domain/talos-secrets";
import type { Problem } from "../diagnostic";
import { isMapping } from "../path";
import type { ResolvedCluster } from "../resolve-cluster";
import { patchesOf } from "./patches";

/** Keys whose values Talos keeps secret, in whatever document they are. */
const SECRET_KEYS: ReadonlySet<string> = new Set([
  "aescbcEncryptionSecret",
  "apiToken",
  "auth",
  "identityToken",
  "passphrase",
  "password",
  "presharedKey",
  "privateKey",
  "secret",
  "secretboxEncryptionSecret",
  "token",
  "uniqueToken",
]);
/** The key of a pair. In other places, a `key` is a name. */
const KEY_OF_PAIR = /(^|\.)(ca|aggregatorCA|serviceAccount)\.key$/;
/** The maps and lists of environment variables, and those of them that hold a secret by their names. */
const ENVIRONMENT = /^(env|environment|variables)$/;
const SECRET_VARIABLE = /key|secret|token|passw|passphrase|credential|auth/i;

/** Where the secrets are out of the state, patches are not: they are shown in plans. */
export function* warnOfSecretsInPatches(cluster: ResolvedCluster): Iterable<Problem> {
  if (cluster.config.talos?.secrets !== "out-of-state") return;
  for (const [path, documents] of patchesOf(cluster)) {
    const found = documents.flatMap(({ kind, ...document }) =>
      secretsIn(document).map((key) => (kind === undefined ? key : `${String(kind)} ${key}`)),
    );
    if (found.length === 0) continue;
    const text =
      `has ${[...new Set(found)].join(", ")}: with secrets: out-of-state, patches are not in ${TALOS_SECRETS_FILE}, so the state has this in plain ` +
      'text and a plan shows it; take it out (docs/talos.md, "A secret in a patch", says what to do instead)';
    yield { path, text };
  }
}

/** The keys of what is secret, such as `machine.registries.config.ghcr.io.auth`. No value is among them. */
export function secretsIn(value: unknown, path: readonly string[] = []): readonly string[] {
  if (Array.isArray(value)) {
    const names = ENVIRONMENT.test(path.at(-1) ?? "") ? value.map(variableOf) : [];
    return [
      ...names.filter((name) => SECRET_VARIABLE.test(name)).map((name) => [...path, name].join(".")),
      ...value.flatMap((each) => secretsIn(each, path)),
    ];
  }
  if (!isMapping(value)) return [];
  const isEnvironment = ENVIRONMENT.test(path.at(-1) ?? "");
  return Object.entries(value).flatMap(([key, inner]) => {
    const at = [...path, key];
    const isSecret =
      SECRET_KEYS.has(key) || KEY_OF_PAIR.test(at.join(".")) || (isEnvironment && SECRET_VARIABLE.test(key));
    return isSecret && holdsSomething(inner) ? [at.join(".")] : secretsIn(inner, at);
  });
}

/** `NAME=value` */
const variableOf = (entry: unknown): string => (typeof entry === "string" ? (entry.split("=")[0] ?? "") : "");

/** A yes or a no is no secret, and neither is what is deleted. */
const holdsSomething = (value: unknown): boolean =>
  (typeof value === "string" && value !== "") || (isMapping(value) && value.$patch !== "delete");
