import { createHash } from "node:crypto";
import { z } from "zod";
import type { BootstrapConfig } from "../config";
import { r2Endpoint } from "../domain/r2";
import { CloudflareApi } from "../state/cloudflare-api";
import { R2Client } from "../state/r2-client";

const TOKENS_PER_PAGE = 50;
const tokenList = z.object({
  result: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      issued_on: z.string().optional(),
      policies: z.array(z.object({ resources: z.record(z.string(), z.unknown()) })).default([]),
    }),
  ),
});
const scriptList = z.object({ result: z.array(z.object({ id: z.string() })) });
const found = z.object({ success: z.literal(true) });
const ownToken = z.object({ result: z.object({ id: z.string() }) });

export interface AccountToken {
  readonly id: string;
  /** When it was made, RFC 3339, where Cloudflare says so. */
  readonly issuedOn?: string;
  /** What its policies are about, as Cloudflare names it. */
  readonly resources: readonly string[];
}

/** The account, asked with the token that the provider works with. */
export class Account {
  private readonly api: CloudflareApi;

  constructor(
    private readonly config: BootstrapConfig,
    private readonly env: NodeJS.ProcessEnv,
    signal: AbortSignal,
  ) {
    this.api = new CloudflareApi({
      accountId: config.accountId,
      token: env.CLOUDFLARE_API_TOKEN ?? "",
      baseUrl: env.CLOUDFLARE_BASE_URL,
      jurisdiction: config.jurisdiction ?? "default",
      signal,
    });
  }

  /** Whether there is a bucket. @throws where Cloudflare does not answer, or refuses to */
  async hasBucket(bucket: string): Promise<boolean> {
    return (await this.api.get(`/r2/buckets/${bucket}`, found)) !== undefined;
  }

  /**
   * The objects of a bucket, with the S3 key pair that the API token amounts to: what it opens is what the token may
   * do.
   * @see https://developers.cloudflare.com/r2/api/tokens/#get-s3-api-credentials-from-an-api-token
   */
  async objects(bucket: string): Promise<R2Client> {
    const endpoint =
      this.env.AWS_ENDPOINT_URL_S3 || r2Endpoint(this.config.accountId, this.config.jurisdiction);
    if (!endpoint) throw new Error("no S3 endpoint is known; export AWS_ENDPOINT_URL_S3");
    const wanted =
      "CLOUDFLARE_API_TOKEN has to be a token of the account: make one in Manage Account, API Tokens";
    const answer = await this.api.get("/tokens/verify", ownToken).catch((error: Error) => {
      throw new Error(`${error.message}. ${wanted}`);
    });
    if (!answer) throw new Error(wanted);
    const secretAccessKey = createHash("sha256")
      .update(this.env.CLOUDFLARE_API_TOKEN ?? "")
      .digest("hex");
    return new R2Client(endpoint, bucket, { accessKeyId: answer.result.id, secretAccessKey });
  }

  /** The names of its Workers. */
  async workers(): Promise<readonly string[]> {
    const { result } = await this.list("/workers/scripts", scriptList);
    return result.map(({ id }) => id);
  }

  /** The tokens of a name: there can be several. */
  async tokens(name: string): Promise<readonly AccountToken[]> {
    const found: AccountToken[] = [];
    for (let page = 1; ; page++) {
      const { result } = await this.list(`/tokens?per_page=${TOKENS_PER_PAGE}&page=${page}`, tokenList);
      const named = result.filter((token) => token.name === name);
      const resourcesOf = ({ policies }: (typeof named)[number]) =>
        policies.flatMap(({ resources }) => Object.keys(resources));
      found.push(
        ...named.map((token) => ({
          id: token.id,
          issuedOn: token.issued_on,
          resources: resourcesOf(token),
        })),
      );
      if (result.length !== TOKENS_PER_PAGE) return found;
    }
  }

  async deleteToken(id: string): Promise<void> {
    await this.api.delete(`/tokens/${id}`);
  }

  /** An account has a list, if an empty one. */
  private async list<T>(path: string, shape: z.ZodType<T>): Promise<T> {
    const answer = await this.api.get(path, shape);
    if (answer) return answer;
    throw new Error(`there is no account ${this.config.accountId}; check state.account_id`);
  }
}
