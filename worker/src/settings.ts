import { WORKER_HOST_NAME } from "../../domain/cloudflare";
import { R2_JURISDICTIONS, type R2Jurisdiction } from "../../domain/r2";
import { KEPT_VERSIONS } from "../../domain/tfstate-worker";
import { oncePerEnvironment } from "./once-per-environment";

/** Variables of the Worker beside the credentials. An empty one counts as not set. */
export interface SettingsEnvironment {
  /** In front of every route, such as `/tfstate`. */
  readonly TFSTATE_BASE_PATH?: string;
  /** `required` refuses every unencrypted state. @default "auto" (a state once encrypted stays encrypted) */
  readonly TFSTATE_ENCRYPTION?: string;
  /**
   * `off`: no S3 client reads or writes the states while this Worker serves them. Then no lock file is kept in the bucket,
   * and small versions and the current object follow half a minute later. @default "on"
   */
  readonly TFSTATE_S3_CLIENTS?: string;
  /** Versions of a state that are always kept. @default "100" */
  readonly TFSTATE_KEEP_VERSIONS?: string;
  /** Days for which every version is kept. @default "90" */
  readonly TFSTATE_KEEP_DAYS?: string;
  /**
   * Where the Durable Objects are: `eu` or `fedramp`. Objects that were made elsewhere, with their locks and histories, are
   * not found any more, so it is set before the first state and never changed. @default - no restriction
   */
  readonly TFSTATE_JURISDICTION?: string;
  /** The Worker's custom domain: at its address on workers.dev it then answers an error. @default - any address */
  readonly TFSTATE_DOMAIN?: string;
}

/** What these variables say. */
export interface Settings {
  /** In front of every route; empty, or with a leading slash and none at its end. */
  readonly basePath: string;
  /** The whole deployment refuses plaintext. */
  readonly encryptionRequired: boolean;
  /** S3 clients may use the same objects, and are kept out while a lock is held. */
  readonly servesS3Clients: boolean;
  /** Where the Durable Objects are. */
  readonly jurisdiction: R2Jurisdiction | null;
  /** Host name of the custom domain. */
  readonly domain: string | null;
  /** Versions and days that retention leaves alone. */
  readonly keep: { readonly versions: number; readonly days: number };
  /** What is wrong; then every request is refused and nothing is deleted. */
  readonly defects: readonly string[];
}

export const settings = oncePerEnvironment((env: SettingsEnvironment): Settings => {
  const defects: string[] = [];
  const whole = (name: "TFSTATE_KEEP_VERSIONS" | "TFSTATE_KEEP_DAYS", unset: number): number => {
    const text = env[name] || String(unset);
    if (!/^\d{1,5}$/.test(text)) defects.push(`${name} is "${text}", not a whole number up to 99999`);
    return Number(text);
  };
  const keep = {
    versions: whole("TFSTATE_KEEP_VERSIONS", KEPT_VERSIONS.versions),
    days: whole("TFSTATE_KEEP_DAYS", KEPT_VERSIONS.days),
  };
  const encryption = env.TFSTATE_ENCRYPTION || "auto";
  if (encryption !== "auto" && encryption !== "required")
    defects.push(`TFSTATE_ENCRYPTION is "${encryption}", neither "auto" nor "required"`);
  const s3Clients = env.TFSTATE_S3_CLIENTS || "on";
  if (s3Clients !== "on" && s3Clients !== "off")
    defects.push(`TFSTATE_S3_CLIENTS is "${s3Clients}", neither "on" nor "off"`);
  const jurisdiction = R2_JURISDICTIONS.find((each) => each === env.TFSTATE_JURISDICTION) ?? null;
  if (env.TFSTATE_JURISDICTION && !jurisdiction)
    defects.push(
      `TFSTATE_JURISDICTION is "${env.TFSTATE_JURISDICTION}", not one of ${R2_JURISDICTIONS.join(", ")}`,
    );
  const domain = env.TFSTATE_DOMAIN || null;
  if (domain && !WORKER_HOST_NAME.regex.test(domain))
    defects.push(`TFSTATE_DOMAIN "${domain}" ${WORKER_HOST_NAME.advice}`);
  const path = (env.TFSTATE_BASE_PATH ?? "").replace(/^\/+|\/+$/g, "");
  if (!/^[\w.~/-]*$/.test(path) || path.includes("//"))
    defects.push(`TFSTATE_BASE_PATH "${path}" holds more than letters, digits, "-._~" and single slashes`);
  const encryptionRequired = encryption === "required";
  return {
    basePath: path && `/${path}`,
    encryptionRequired,
    servesS3Clients: s3Clients === "on",
    jurisdiction,
    domain,
    keep,
    defects,
  };
});
