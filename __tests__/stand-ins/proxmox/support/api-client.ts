import { readFileSync } from "node:fs";
import { request as httpsRequest } from "node:https";
import type { RunningProxmox } from "../../../../stand-ins/proxmox";

export interface ApiAnswer {
  readonly status: number;
  /** The text of the status line. */
  readonly reason: string;
  // biome-ignore lint/suspicious/noExplicitAny: each test knows what it asked for
  readonly data: any;
  readonly errors?: Readonly<Record<string, string>>;
  /** The text of the body, of which the status line has only the first line. */
  readonly message?: string;
  /** The body as it was sent. */
  readonly body?: string;
}

export type Form = Readonly<Record<string, string | number | readonly string[]>>;

/** Talks to the stand-in as the provider does: forms, a token, trust in its CA. */
export class ApiClient {
  private readonly ca: string;

  constructor(
    private readonly proxmox: RunningProxmox,
    private readonly token = proxmox.token,
  ) {
    this.ca = readFileSync(proxmox.caFile, "utf8");
  }

  get = (path: string, query: Form = {}) => this.call("GET", path, query);
  post = (path: string, form: Form = {}) => this.call("POST", path, form);
  put = (path: string, form: Form = {}) => this.call("PUT", path, form);
  delete = (path: string, query: Form = {}) => this.call("DELETE", path, query);

  /** Waits for an answer. @throws where it is an error */
  async ok(answer: Promise<ApiAnswer>): Promise<ApiAnswer["data"]> {
    const { status, reason, data, errors } = await answer;
    if (status !== 200) throw new Error(`${status} ${reason} ${JSON.stringify(errors ?? {})}`);
    return data;
  }

  /** Waits for the end of the task that a call has started. @returns the exit status */
  async task(answer: Promise<ApiAnswer>): Promise<string> {
    const upid = (await this.ok(answer)) as string;
    const node = upid.split(":")[1];
    for (;;) {
      const task = await this.ok(this.get(`/nodes/${node}/tasks/${encodeURIComponent(upid)}/status`));
      if (task.status === "stopped") return task.exitstatus;
    }
  }

  private call(method: string, path: string, form: Form): Promise<ApiAnswer> {
    const fields = new URLSearchParams();
    for (const [name, value] of Object.entries(form)) {
      for (const each of [value].flat()) fields.append(name, String(each));
    }
    const inQuery = method === "GET" || method === "DELETE";
    const query = inQuery && fields.size > 0 ? `${path.includes("?") ? "&" : "?"}${fields}` : "";
    return new Promise((resolve, reject) => {
      const request = httpsRequest(
        `${this.proxmox.url}/api2/json${path}${query}`,
        {
          method,
          ca: this.ca,
          headers: {
            authorization: `PVEAPIToken=${this.token}`,
            ...(inQuery ? {} : { "content-type": "application/x-www-form-urlencoded" }),
          },
        },
        (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (chunk: string) => (text += chunk));
          response.on("end", () => {
            const { data, errors, message } = (text === "" ? {} : JSON.parse(text)) as Partial<ApiAnswer>;
            const { statusCode: status = 0, statusMessage: reason = "" } = response;
            resolve({ status, reason, data, errors, message, body: text });
          });
        },
      );
      request.on("error", reject);
      request.end(inQuery ? undefined : fields.toString());
    });
  }
}
