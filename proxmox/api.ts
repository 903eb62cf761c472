import { readFileSync } from "node:fs";
import { request } from "node:https";
import { waysToGive } from "../domain/secrets";

/** An answer of Proxmox that a user can do something about: no connection, a bad token, a missing privilege. */
export class ProxmoxError extends Error {
  override readonly name = "ProxmoxError";
}

/** An answer of Proxmox. */
export interface ProxmoxAnswer {
  readonly data: unknown;
  /** The server's clock, from the header Date. */
  readonly date?: Date;
}

export interface ProxmoxApiOptions {
  /** `https://pve.example.org:8006` */
  readonly endpoint: string;
  /** `user@realm!name=secret` */
  readonly token: string;
  /** The file with the certificates of the CAs to trust. @default - those that Node knows */
  readonly caFile?: string;
  /** Accepts any certificate. @default false */
  readonly insecure?: boolean;
  /** @default 30_000 */
  readonly timeoutMs?: number;
}

/** The variables of the provider, which this client obeys too. */
export interface ProxmoxEnvironment {
  readonly PROXMOX_VE_ENDPOINT?: string;
  readonly PROXMOX_VE_API_TOKEN?: string;
  readonly PROXMOX_VE_INSECURE?: string;
  readonly SSL_CERT_FILE?: string;
}

/**
 * Chooses as the provider does: a variable wins over the file.
 * @throws ProxmoxError without a token
 */
export function apiOptionsFrom(
  env: ProxmoxEnvironment,
  file: { readonly endpoint: string; readonly insecure: boolean },
): ProxmoxApiOptions {
  const token = env.PROXMOX_VE_API_TOKEN;
  if (!token) {
    throw new ProxmoxError(
      `PROXMOX_VE_API_TOKEN is not set: the token of proxmox, user@realm!name=secret; ${waysToGive("PROXMOX_VE_API_TOKEN")}`,
    );
  }
  return {
    endpoint: env.PROXMOX_VE_ENDPOINT || file.endpoint,
    token,
    caFile: env.SSL_CERT_FILE || undefined,
    insecure: file.insecure || /^(?:1|t|true)$/i.test(env.PROXMOX_VE_INSECURE ?? ""),
  };
}

/** Reads from the API of Proxmox VE. It changes nothing. */
export class ProxmoxApi {
  private readonly ca: string | undefined;

  /** @throws ProxmoxError if the file with the CAs cannot be read */
  constructor(private readonly options: ProxmoxApiOptions) {
    this.ca = options.caFile === undefined ? undefined : readCa(options.caFile);
  }

  /**
   * @param path below /api2/json
   * @returns the `data` of the answer
   * @throws ProxmoxError
   */
  async get(path: string): Promise<unknown> {
    return (await this.ask(path)).data;
  }

  /** As {@link get}, with what else the answer says. @throws ProxmoxError */
  ask(path: string): Promise<ProxmoxAnswer> {
    const { endpoint, token, insecure = false, timeoutMs = 30_000 } = this.options;
    const url = `${endpoint.replace(/\/+$/, "")}/api2/json${path}`;
    return new Promise((resolve, reject) => {
      const fail = (reason: string) => reject(new ProxmoxError(`GET ${url}: ${reason}`));
      const call = request(url, {
        ca: this.ca,
        rejectUnauthorized: !insecure,
        headers: { authorization: `PVEAPIToken=${token}` },
        signal: AbortSignal.timeout(timeoutMs),
      });
      call.on("error", (error: NodeJS.ErrnoException) => fail(explain(error, timeoutMs)));
      call.on("response", (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          body += chunk;
        });
        response.on("error", (error) => fail(explain(error, timeoutMs)));
        response.on("end", () => {
          const { statusCode = 0, statusMessage = "" } = response;
          if (statusCode !== 200) return fail(`${statusCode} ${statusMessage}${advice(statusCode)}`);
          try {
            const { data } = JSON.parse(body) as { readonly data?: unknown };
            const date = new Date(response.headers.date ?? "");
            resolve({ data, ...(!Number.isNaN(date.getTime()) && { date }) });
          } catch {
            fail("the answer is not JSON; is this the address of Proxmox VE's API?");
          }
        });
      });
      call.end();
    });
  }
}

function readCa(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new ProxmoxError(`SSL_CERT_FILE names ${file}, which cannot be read: ${(error as Error).message}`);
  }
}

const UNKNOWN_CA =
  /^(?:SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT(?:_LOCALLY)?)$/;

function explain(error: NodeJS.ErrnoException, timeoutMs: number): string {
  if (error.name === "AbortError" || error.name === "TimeoutError") {
    return `no answer in ${timeoutMs / 1000} seconds`;
  }
  if (!UNKNOWN_CA.test(error.code ?? "")) return error.message || String(error.code);
  return `${error.message}; name the CA of Proxmox in SSL_CERT_FILE (docs/configuration.md, "A self-signed Proxmox")`;
}

function advice(status: number): string {
  if (status === 401) return "; is PROXMOX_VE_API_TOKEN right, and not expired?";
  return status === 403 ? "; the token lacks this privilege" : "";
}
