import { createHash } from "node:crypto";
import { z } from "zod";
import type { BootstrapConfig } from "../config";
import { bucketResource, r2Endpoint } from "../domain/r2";
import { CloudflareApi } from "../state/cloudflare-api";
import { R2Client } from "../state/r2-client";

const TOKENS_PER_PAGE = 50;
const tokenList = z.object({
  result: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      policies: z.array(z.object({ resources: z.record(z.string(), z.unknown()) })).default([]),
    }),
  ),
});
const scriptList = z.object({ result: z.array(z.object({ id: z.string() })) });
const found = z.object({ success: z.literal(true) });
const ownToken = z.object({ result: z.object({ id: z.string() }) });

/** An S3 key pair, as the variables that the S3 backend reads. */
export interface KeyPair {
  readonly AWS_ACCESS_KEY_ID: string;
  readonly AWS_SECRET_ACCESS_KEY: string;
  /** Only temporary credentials have one. Undefined removes the one that the environment may have. */
  readonly AWS_SESSION_TOKEN: string | undefined;
}

/** The Cloudflare account, as far as the bootstrap uses it without OpenTofu. */
export class Account {
  private readonly api: CloudflareApi;
  private pair?: Promise<KeyPair>;

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

  async hasBucket(bucket: string): Promise<boolean> {
    return (await this.api.get(`/r2/buckets/${bucket}`, found)) !== undefined;
  }

  async createBucket(bucket: string): Promise<void> {
    await this.api.post("/r2/buckets", { name: bucket, locationHint: this.config.locationHint }, found);
  }

  /** @throws StateError if the bucket is not empty */
  async deleteBucket(bucket: string): Promise<void> {
    await this.api.delete(`/r2/buckets/${bucket}`);
  }

  async hasWorker(name: string): Promise<boolean> {
    const { result } = await this.list("/workers/scripts", scriptList);
    return result.some(({ id }) => id === name);
  }

  /** Ids of the tokens that have the name of the stack's token and open the state bucket only. */
  async tokens(): Promise<readonly string[]> {
    const { accountId, bucketName, jurisdiction, token: wanted } = this.config;
    const resource = bucketResource(accountId, bucketName, jurisdiction);
    const ids: string[] = [];
    for (let page = 1; ; page++) {
      const { result } = await this.list(`/tokens?per_page=${TOKENS_PER_PAGE}&page=${page}`, tokenList);
      for (const { id, name, policies } of result) {
        const resources = policies.flatMap(({ resources }) => Object.keys(resources));
        const isForBucket = resources.length > 0 && resources.every((each) => each === resource);
        if (name === wanted.tokenName && isForBucket) ids.push(id);
      }
      if (result.length !== TOKENS_PER_PAGE) return ids;
    }
  }

  async deleteToken(id: string): Promise<void> {
    await this.api.delete(`/tokens/${id}`);
  }

  /**
   * The S3 key pair that is derived from the API token; without a token, the one in the environment.
   * @see https://developers.cloudflare.com/r2/api/tokens/#get-s3-api-credentials-from-an-api-token
   */
  keyPair(): Promise<KeyPair> {
    this.pair ??= this.findKeyPair();
    return this.pair;
  }

  /** A client for the objects of a bucket. */
  async objects(bucket: string): Promise<R2Client> {
    const endpoint =
      this.env.AWS_ENDPOINT_URL_S3 || r2Endpoint(this.config.accountId, this.config.jurisdiction);
    if (!endpoint) throw new Error("no S3 endpoint is known; export AWS_ENDPOINT_URL_S3");
    const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = await this.keyPair();
    return new R2Client(endpoint, bucket, { accessKeyId, secretAccessKey });
  }

  private async findKeyPair(): Promise<KeyPair> {
    const { CLOUDFLARE_API_TOKEN: token, ...env } = this.env;
    if (!token) {
      const { AWS_ACCESS_KEY_ID = "", AWS_SECRET_ACCESS_KEY = "", AWS_SESSION_TOKEN } = env;
      return { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN };
    }
    const wanted =
      "CLOUDFLARE_API_TOKEN has to be a token of the account: make one in Manage Account, API Tokens";
    const answer = await this.api.get("/tokens/verify", ownToken).catch((error: Error) => {
      throw new Error(`${error.message}. ${wanted}`);
    });
    if (!answer) throw new Error(wanted);
    return {
      AWS_ACCESS_KEY_ID: answer.result.id,
      AWS_SECRET_ACCESS_KEY: createHash("sha256").update(token).digest("hex"),
      AWS_SESSION_TOKEN: undefined,
    };
  }

  /** GETs a list, which can be empty. @throws if there is no such account */
  private async list<T>(path: string, shape: z.ZodType<T>): Promise<T> {
    const answer = await this.api.get(path, shape);
    if (answer) return answer;
    throw new Error(`there is no account ${this.config.accountId}; check state.account_id`);
  }
}
