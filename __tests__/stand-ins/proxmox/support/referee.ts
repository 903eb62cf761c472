import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as httpsRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { runGroup } from "../../../../process/process-group";
import { loadTlsIdentity } from "../../../../stand-ins/proxmox/tls-identity";
import { endWithTests } from "../../../support/end-with-tests";
import { pythonVenv } from "../../../support/python-venv";

const VERSION = "0.5.0";
/** The HTTP server of fakepve, in the newest version that was tested. */
const AIOHTTP = "aiohttp==3.14.5";
const REQUIREMENTS = join(__dirname, "../fixtures", "fakepve-requirements.txt");
const USER = { name: "root@pam", password: "of-this-run-only" } as const;

export interface RefereeAnswer {
  readonly status: number;
  readonly body: string;
}

export const hasPython = (): Promise<boolean> =>
  runGroup("python3", ["--version"]).then(
    ({ exitCode }) => exitCode === 0,
    () => false,
  );

/**
 * fakepve, which checks each parameter against Proxmox' own API schema. It is licensed under the AGPL: it runs as a
 * process of its own in an environment of its own, and nothing of it is imported.
 */
export class Referee {
  private constructor(
    private readonly process: ChildProcess,
    private readonly folder: string,
    private readonly url: string,
    private readonly headers: Readonly<Record<string, string>>,
  ) {}

  static async start(): Promise<Referee> {
    const python = join(await installed(), "bin", "python");
    const folder = mkdtempSync(join(tmpdir(), "fakepve-"));
    await loadTlsIdentity(folder);
    const guests = join(folder, "guests.json");
    writeFileSync(guests, JSON.stringify({ guests: [] }));
    const args = ["-m", "fakepve", guests, "--host", "127.0.0.1", "--port", "0", "--time-scale", "0"];
    const tls = ["--cert", join(folder, "tls", "server.pem"), "--key", join(folder, "tls", "server-key.pem")];
    const child = spawn(python, [...args, ...tls, "--user", USER.name, "--password", USER.password], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    endWithTests(child);
    const url = await listening(child);
    const ticket = await post(`${url}/api2/json/access/ticket`, {
      username: USER.name,
      password: USER.password,
    });
    const { data } = JSON.parse(ticket.body) as { data: Record<string, string> };
    return new Referee(child, folder, url, {
      cookie: `PVEAuthCookie=${data.ticket}`,
      CSRFPreventionToken: data.CSRFPreventionToken ?? "",
    });
  }

  /** @param path below /api2/json, with its query */
  call(method: string, path: string, fields: URLSearchParams): Promise<RefereeAnswer> {
    const inQuery = method === "GET" || method === "DELETE";
    const query = inQuery && fields.size > 0 ? `?${fields}` : "";
    const headers = inQuery
      ? this.headers
      : { ...this.headers, "content-type": "application/x-www-form-urlencoded" };
    return send(method, `${this.url}/api2/json${path}${query}`, headers, inQuery ? "" : fields.toString());
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGTERM");
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The folder of its virtual environment. */
const installed = (): Promise<string> =>
  pythonVenv("fakepve", VERSION, async (pip) => {
    await pip("--require-hashes", "--no-deps", "--requirement", REQUIREMENTS);
    await pip(AIOHTTP);
  });

function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`fakepve ended with ${code} before it was ready`)));
    if (!child.stdout) throw new Error("fakepve has no output");
    createInterface({ input: child.stdout }).on("line", (line) => {
      const url = /listening on (\S+)/.exec(line)?.[1];
      if (url) resolve(url);
    });
  });
}

const post = (url: string, form: Record<string, string>): Promise<RefereeAnswer> =>
  send(
    "POST",
    url,
    { "content-type": "application/x-www-form-urlencoded" },
    new URLSearchParams(form).toString(),
  );

function send(
  method: string,
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<RefereeAnswer> {
  return new Promise((resolve, reject) => {
    // The server is a child process on loopback.
    const request = httpsRequest(url, { method, headers, rejectUnauthorized: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    request.on("error", reject);
    request.end(body);
  });
}
