import { createHash } from "node:crypto";
import { z } from "zod";
import type { BootstrapConfig } from "../config";
import type { R2Credentials } from "../state/r2-client";

/** Where Cloudflare's API is, unless CLOUDFLARE_BASE_URL says otherwise, as it does for the provider. */
const API = "https://api.cloudflare.com/client/v4";

const TOKENS_PER_PAGE = 50;
const tokenList = z.object({ result: z.array(z.object({ id: z.string(), name: z.string() })) });

/** The account, asked with the token that the provider works with. */
export class Account {
  private readonly url: string;

  constructor(
    private readonly config: BootstrapConfig,
    private readonly env: NodeJS.ProcessEnv,
    private readonly signal: AbortSignal,
  ) {
    const base = (env.CLOUDFLARE_BASE_URL ?? API).replace(/\/+$/, "");
    this.url = `${base}/accounts/${config.accountId}`;
  }

  /** Whether there is a bucket. @throws where Cloudflare does not answer, or refuses to */
  async hasBucket(bucket: string): Promise<boolean> {
    return (await this.get(`/r2/buckets/${bucket}`)) !== undefined;
  }

  /**
   * The S3 key pair that the API token amounts to; what it opens is what the token may do.
   * @see https://developers.cloudflare.com/r2/api/tokens/#get-s3-api-credentials-from-an-api-token
   */
  async s3Credentials(): Promise<R2Credentials> {
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
    return { accessKeyId: id, secretAccessKey };
  }

  /** Ids of the tokens of a name: there can be several. */
  async tokens(name: string): Promise<readonly string[]> {
    const found: string[] = [];
    for (let page = 1; ; page++) {
      const answer = await this.get(`/tokens?per_page=${TOKENS_PER_PAGE}&page=${page}`);
      const { result } = tokenList.parse(answer);
      found.push(...result.filter((token) => token.name === name).map(({ id }) => id));
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
    const response = await fetch(url, { method, headers, redirect: "error", signal: this.signal }).catch(
      (error: Error) => {
        this.signal.throwIfAborted();
        throw new Error(`${url} does not answer: ${error.cause ?? error.message}`);
      },
    );
    const text = await response.text();
    const answer = parse(text);
    if (response.ok) return answer;
    // A proxy in between may answer 404 too.
    if (response.status === 404 && answer?.success === false) return undefined;
    throw new Error(
      `${url} answers ${response.status}: ${text.slice(0, 300)}; check CLOUDFLARE_API_TOKEN and the account's id`,
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
