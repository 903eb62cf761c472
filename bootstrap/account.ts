import { createHash } from "node:crypto";
import { z } from "zod";
import type { BootstrapConfig } from "../config";
import { r2Endpoint } from "../config/state-places";
import { R2Client } from "../state/r2-client";

/** Where Cloudflare's API is, unless CLOUDFLARE_BASE_URL says otherwise, as it does for the provider. */
const API = "https://api.cloudflare.com/client/v4";

/** A request that is never answered must not hold a run up for ever. */
const ANSWER_MS = 60_000;

const TOKENS_PER_PAGE = 50;
const tokenList = z.object({
  result: z.array(z.object({ id: z.string(), name: z.string(), issued_on: z.string().optional() })),
});

export interface AccountToken {
  readonly id: string;
  /** When it was made, RFC 3339, where Cloudflare says so. */
  readonly issuedOn?: string;
}

/** The account, asked with the token that the provider works with. */
export class Account {
  private readonly url: string;

  constructor(
    private readonly config: BootstrapConfig,
    private readonly env: NodeJS.ProcessEnv,
    private readonly signal: AbortSignal,
    private readonly answerMs = ANSWER_MS,
  ) {
    const base = (env.CLOUDFLARE_BASE_URL || API).replace(/\/+$/, "");
    this.url = `${base}/accounts/${config.accountId}`;
  }

  /** Whether there is a bucket. @throws where Cloudflare does not answer, or refuses to */
  async hasBucket(bucket: string): Promise<boolean> {
    return (await this.get(`/r2/buckets/${bucket}`)) !== undefined;
  }

  /**
   * The objects of a bucket, with the S3 key pair that the API token amounts to: what it opens is what the token may
   * do.
   * @see https://developers.cloudflare.com/r2/api/tokens/#get-s3-api-credentials-from-an-api-token
   */
  async objects(bucket: string): Promise<R2Client> {
    const endpoint = this.env.AWS_ENDPOINT_URL_S3 || r2Endpoint(this.config);
    if (!endpoint) throw new Error("no S3 endpoint is known; export AWS_ENDPOINT_URL_S3");
    const wanted =
      "CLOUDFLARE_API_TOKEN has to be a token of the account: make one in Manage Account, API Tokens";
    const answer = await this.get("/tokens/verify").catch((error: Error) => {
      throw new Error(`${error.message}. ${wanted}`);
    });
    const id = (answer as { readonly result?: { readonly id?: unknown } } | undefined)?.result?.id;
    if (typeof id !== "string") throw new Error(wanted);
    const secretAccessKey = createHash("sha256")
      .update(this.env.CLOUDFLARE_API_TOKEN ?? "")
      .digest("hex");
    return new R2Client(endpoint, bucket, { accessKeyId: id, secretAccessKey });
  }

  /** The tokens of a name: there can be several. */
  async tokens(name: string): Promise<readonly AccountToken[]> {
    const found: AccountToken[] = [];
    for (let page = 1; ; page++) {
      const answer = await this.get(`/tokens?per_page=${TOKENS_PER_PAGE}&page=${page}`);
      const { result } = tokenList.parse(answer);
      const named = result.filter((token) => token.name === name);
      found.push(...named.map(({ id, issued_on }) => ({ id, issuedOn: issued_on })));
      if (result.length !== TOKENS_PER_PAGE) return found;
    }
  }

  async deleteToken(id: string): Promise<void> {
    await this.send("DELETE", `/tokens/${id}`);
  }

  private get(path: string): Promise<unknown> {
    return this.send("GET", path);
  }

  /** @returns undefined where Cloudflare itself says that there is none */
  private async send(method: "GET" | "DELETE", path: string): Promise<unknown> {
    const url = `${this.url}${path}`;
    const headers = {
      authorization: `Bearer ${this.env.CLOUDFLARE_API_TOKEN}`,
      "cf-r2-jurisdiction": this.config.jurisdiction ?? "default",
    };
    const signal = AbortSignal.any([this.signal, AbortSignal.timeout(this.answerMs)]);
    const { status, text } = await fetch(url, { method, headers, redirect: "error", signal })
      .then(async (response) => ({ status: response.status, text: await response.text() }))
      .catch((error: Error) => {
        this.signal.throwIfAborted();
        throw new Error(`${url} does not answer: ${error.cause ?? error.message}`);
      });
    const answer = parse(text);
    if (status >= 200 && status < 300) return answer;
    // A proxy in between may answer 404 too.
    if (status === 404 && answer?.success === false) return undefined;
    throw new Error(
      `${url} answers ${status}: ${text.slice(0, 300)}; check CLOUDFLARE_API_TOKEN and the account's id`,
    );
  }
}

function parse(text: string): { readonly success?: unknown } | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
