import { kept } from "./defaults";
import type { Env } from "./env";

/** What the environment says beside the credentials. */
export interface Settings {
  /** In front of every route; empty, or with a leading slash and none at its end. */
  readonly basePath: string;
  /** The whole deployment refuses plaintext. */
  readonly encryptionRequired: boolean;
  /** Versions and days that retention leaves alone. */
  readonly keep: { readonly versions: number; readonly days: number };
  /** What is wrong; then every request is refused and nothing is deleted. */
  readonly defects: readonly string[];
}

const known = new WeakMap<Env, Settings>();

/** Read once: an environment does not change while an isolate lives. A setting that is empty counts as not there. */
export function settings(env: Env): Settings {
  const read = known.get(env) ?? readSettings(env);
  known.set(env, read);
  return read;
}

function readSettings(env: Env): Settings {
  const defects: string[] = [];
  const whole = (name: "TFSTATE_KEEP_VERSIONS" | "TFSTATE_KEEP_DAYS", unset: number): number => {
    const text = env[name] || String(unset);
    if (!/^\d{1,5}$/.test(text)) defects.push(`${name} is "${text}", not a whole number up to 99999`);
    return Number(text);
  };
  const keep = {
    versions: whole("TFSTATE_KEEP_VERSIONS", kept.versions),
    days: whole("TFSTATE_KEEP_DAYS", kept.days),
  };
  const encryption = env.TFSTATE_ENCRYPTION || "auto";
  if (encryption !== "auto" && encryption !== "required")
    defects.push(`TFSTATE_ENCRYPTION is "${encryption}", neither "auto" nor "required"`);
  const path = (env.TFSTATE_BASE_PATH ?? "").replace(/^\/+|\/+$/g, "");
  if (!/^[\w.~/-]*$/.test(path) || path.includes("//"))
    defects.push(`TFSTATE_BASE_PATH "${path}" holds more than letters, digits, "-._~" and single slashes`);
  return { basePath: path && `/${path}`, encryptionRequired: encryption === "required", keep, defects };
}
