import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export const ACCOUNT = "0123456789abcdef0123456789abcdef";

/** A request as it was sent, with the path below the account. */
export interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Answer {
  readonly status?: number;
  /** The result in the envelope, unless there is a raw body. */
  readonly result?: unknown;
  readonly raw?: { readonly contentType: string; readonly body: string };
  readonly headers?: Readonly<Record<string, string>>;
}

interface Script {
  readonly content: string;
  readonly metadata: { readonly bindings?: readonly object[]; readonly [setting: string]: unknown };
  readonly tag: string;
}

/**
 * A minimal Cloudflare API for the provider, which records all requests. It checks nothing but
 * migration tags: the tests judge the requests.
 */
export class RecordingCloudflare {
  readonly requests: Recorded[] = [];
  /** Overrides the answer to a request, unless it returns undefined. */
  override: (request: Recorded) => Answer | undefined = () => undefined;

  readonly buckets = new Map<string, Record<string, string>>();
  readonly rules = new Map<string, unknown>();
  readonly scripts = new Map<string, Script>();
  readonly subdomains = new Map<string, Record<string, unknown>>();
  readonly domains = new Map<string, Record<string, unknown>>();
  readonly tokens = new Map<string, Record<string, unknown>>();
  private readonly server = createServer();

  static async start(): Promise<RecordingCloudflare> {
    const api = new RecordingCloudflare();
    api.server.on("request", async (request, response) => {
      const recorded = await record(request);
      api.requests.push(recorded);
      const answer = api.override(recorded) ?? api.answer(recorded);
      const { status = 200, result = null, raw, headers = {} } = answer;
      const errors = status < 400 ? [] : [{ code: 10000 + status, message: `an error ${status}` }];
      const envelope = JSON.stringify({ result, success: status < 400, errors, messages: [] });
      const body = raw ?? { contentType: "application/json", body: envelope };
      response.writeHead(status, { "content-type": body.contentType, ...headers }).end(body.body);
    });
    api.server.listen(0, "127.0.0.1");
    await once(api.server, "listening");
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/client/v4`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }

  /** Deletes everything. */
  reset(): void {
    this.override = () => undefined;
    this.requests.splice(0);
    for (const kept of [this.buckets, this.rules, this.scripts, this.subdomains, this.domains, this.tokens]) {
      kept.clear();
    }
  }

  /** The requests since the last call: "METHOD path body". */
  taken(): string[] {
    return this.requests.splice(0).map(({ method, path, body }) => [method, path, body].join(" ").trim());
  }

  private answer({ method, path, headers, body }: Recorded): Answer {
    const [area, kind, name = "", part = ""] = path.split("?")[0]?.split("/") ?? [];
    if (area === "r2") {
      const key = `${headers["cf-r2-jurisdiction"]} ${name || JSON.parse(body).name}`;
      return part ? this.ruleSet(method, `${key} ${part}`, body) : this.bucket(method, key, headers, body);
    }
    if (area === "tokens") return this.token(method, kind, body);
    if (kind === "domains") return this.domain(method, name, body);
    if (part === "subdomain") return this.subdomain(method, name, body);
    if (part === "schedules") return { result: { schedules: body ? JSON.parse(body) : [] } };
    return this.script(method, kind === "services" ? "services" : part, name, headers, body);
  }

  private bucket(method: string, key: string, headers: Recorded["headers"], body: string): Answer {
    if (method === "POST") {
      const { name, locationHint = "WEUR", storageClass } = JSON.parse(body);
      const creation_date = "2025-11-01T00:00:00.000Z";
      this.buckets.set(key, { name, creation_date, location: locationHint, storage_class: storageClass });
    }
    const bucket = this.buckets.get(key);
    if (bucket === undefined) return { status: 404 };
    if (method === "PATCH") bucket.storage_class = headers["cf-r2-storage-class"] ?? "";
    if (method === "DELETE") this.buckets.delete(key);
    return { result: method === "DELETE" ? {} : bucket };
  }

  private ruleSet(method: string, key: string, body: string): Answer {
    if (method === "PUT") this.rules.set(key, JSON.parse(body));
    return { result: method === "PUT" ? {} : this.rules.get(key) };
  }

  private token(method: string, id: string | undefined, body: string): Answer {
    if (id === "permission_groups") {
      const scopes = ["com.cloudflare.edge.r2.bucket"];
      return { result: [1, 2].map((n) => ({ id: `${n}`.repeat(32), name: `group ${n}`, scopes })) };
    }
    const key = id ?? "f".repeat(32);
    if (method === "DELETE") return this.tokens.delete(key) ? { result: { id: key } } : { status: 404 };
    if (body) {
      const issued_on = "2025-11-01T00:00:00.123456Z";
      this.tokens.set(key, { ...JSON.parse(body), id: key, status: "active", issued_on });
    }
    const token = this.tokens.get(key);
    return token
      ? { result: { ...token, ...(method === "POST" && { value: "token-value" }) } }
      : { status: 404 };
  }

  private domain(method: string, id: string, body: string): Answer {
    if (method === "PUT") {
      const domain = {
        id: "domain-1",
        environment: "production",
        ...JSON.parse(body),
        zone_name: "example.com",
      };
      this.domains.set(domain.id, domain);
      return { result: domain };
    }
    const domain = this.domains.get(id);
    if (domain === undefined) return { status: 404 };
    if (method === "GET") return { result: domain };
    this.domains.delete(id);
    return { raw: { contentType: "text/plain", body: "" } };
  }

  private subdomain(method: string, name: string, body: string): Answer {
    if (method === "POST") this.subdomains.set(name, { previews_enabled: false, ...JSON.parse(body) });
    if (method === "DELETE") this.subdomains.set(name, { enabled: false, previews_enabled: false });
    return this.scripts.has(name) ? { result: this.subdomains.get(name) } : { status: 404 };
  }

  private script(
    method: string,
    part: string,
    name: string,
    headers: Recorded["headers"],
    body: string,
  ): Answer {
    const script = this.scripts.get(name);
    if (method === "PUT") return this.upload(name, script?.tag ?? "", headers, body);
    if (script === undefined) return { status: 404 };
    if (method === "DELETE") return { result: this.scripts.delete(name) };
    const { metadata, content, tag } = script;
    switch (part) {
      case "services":
        return { result: { default_environment: { script: this.deployed(name, tag) } } };
      case "settings": {
        const { bindings = [], migrations: _, main_module: __, ...settings } = metadata;
        // Secrets are answered by name, in another order than they were sent.
        const told = [...bindings].reverse().map((binding) => ({ ...binding, text: "" }));
        return { result: { ...settings, bindings: told, placement: {}, tail_consumers: null } };
      }
      default:
        return { raw: { contentType: "application/javascript+module", body: content } };
    }
  }

  private upload(name: string, tag: string, headers: Recorded["headers"], body: string): Answer {
    const [first, second] = multipart(headers, body);
    const metadata = JSON.parse(second?.text ?? "{}");
    const { old_tag = "", new_tag = tag } = metadata.migrations ?? {};
    if (metadata.migrations && old_tag !== tag) {
      const message = `Actor migration tag precondition failed, got tag '${old_tag}' when expected tag is '${tag}'.`;
      const errors = JSON.stringify({ success: false, errors: [{ code: 10079, message }] });
      return { status: 412, raw: { contentType: "application/json", body: errors } };
    }
    this.scripts.set(name, { content: first?.text ?? "", metadata, tag: new_tag });
    return { result: this.deployed(name, new_tag) };
  }

  private readonly deployed = (id: string, migration_tag: string) => ({
    ...{ id, migration_tag, etag: "etag", handlers: ["fetch"], has_assets: false, has_modules: true },
    ...{ created_on: "2025-11-01T00:00:00.5Z", modified_on: "2025-11-02T00:00:00Z", startup_time_ms: 3 },
    named_handlers: [{ name: "StateLock", handlers: ["class"] }],
  });
}

/** The parts of a multipart body in their order. */
export function multipart(headers: Recorded["headers"], body: string) {
  const [, boundary = ""] = /boundary=(.*)$/.exec(headers["content-type"] ?? "") ?? [];
  return body
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => {
      const [head = "", ...rest] = part.slice(2, -2).split("\r\n\r\n");
      return { headers: head.split("\r\n"), text: rest.join("\r\n\r\n") };
    });
}

async function record(request: IncomingMessage): Promise<Recorded> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
  );
  return {
    method: request.method ?? "",
    path: (request.url ?? "").replace(`/client/v4/accounts/${ACCOUNT}/`, ""),
    headers,
    body: Buffer.concat(chunks).toString(),
  };
}
