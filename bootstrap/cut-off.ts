import { z } from "zod";
import type { BootstrapConfig } from "../config";
import { step } from "../run/step";
import type { Account, AccountToken } from "./account";
import type { Imports } from "./stack";
import type { Workplace } from "./workplace";

/** What there was in the account before an apply. */
export interface Before {
  /** When that was looked at, RFC 3339; notes of older versions do not say it. */
  readonly at?: string;
  /** Names of those buckets of the stack that were there. */
  readonly buckets: readonly string[];
  /** Ids of the tokens that had the name of the stack's token. */
  readonly tokens: readonly string[];
}

export const beforeShape: z.ZodType<Before> = z.object({
  at: z.iso.datetime().optional(),
  buckets: z.array(z.string()),
  tokens: z.array(z.string()),
});

/** By how much this machine's clock and Cloudflare's may differ. */
const CLOCK_SKEW_MS = 5 * 60_000;

/**
 * What an apply has made, and was cut off before it could note in the state. It is told by what there was before:
 * that is written down before an apply, and forgotten when one came to its end.
 */
export class CutOff {
  constructor(
    private readonly config: BootstrapConfig,
    private readonly account: Account,
    private readonly workplace: Workplace,
  ) {}

  /** To be called before each apply: what was there before the first one that was cut off counts. */
  async note(): Promise<void> {
    if (this.workplace.before()) return;
    const at = new Date().toISOString();
    const [buckets, tokens] = [await this.existingBuckets(), await this.account.tokens(this.tokenName)];
    this.workplace.noteBefore({ at, buckets, tokens: tokens.map(({ id }) => id) });
  }

  /** Buckets to be taken into the state. OpenTofu passes over those that are in it. */
  async imports(): Promise<Imports> {
    const before = this.workplace.before();
    if (!before) return {};
    const { accountId, bucket, backupBucket, jurisdiction = "default" } = this.config;
    const made = (await this.existingBuckets()).filter((name) => !before.buckets.includes(name));
    const addresses = [
      ["cloudflare_r2_bucket.state", bucket],
      ["cloudflare_r2_bucket.backup", backupBucket],
    ] as const;
    return Object.fromEntries(
      addresses
        .filter(([, name]) => made.includes(name))
        .map(([address, name]) => [address, `${accountId}/${name}/${jurisdiction}`]),
    );
  }

  /**
   * To be called after an apply that came to its end. Nobody knows the value of a token whose answer was lost: it
   * goes, unless somebody else may have made it.
   * @param own id of the token that is in the state
   */
  async settle(own: string | undefined): Promise<void> {
    const before = this.workplace.before();
    if (!before) return;
    for (const token of await this.account.tokens(this.tokenName)) {
      const { id } = token;
      if (id === own || before.tokens.includes(id)) continue;
      await step("Token", async ({ result }) => {
        if (!isMadeAfter(before, token)) {
          return result(
            `left ${id} alone: whether a run here has made it is unknown; if nobody uses it, delete it`,
          );
        }
        await this.account.deleteToken(id);
        result(`deleted ${id}: it was made by an apply that was cut off, and nobody knows its value`);
      });
    }
    this.workplace.forgetBefore();
  }

  private get tokenName(): string {
    return this.config.token.tokenName;
  }

  private async existingBuckets(): Promise<readonly string[]> {
    const { bucket, backupBucket } = this.config;
    const found: string[] = [];
    for (const name of [bucket, backupBucket]) if (await this.account.hasBucket(name)) found.push(name);
    return found;
  }
}

/** Unknown times say no. */
function isMadeAfter({ at }: Before, { issuedOn }: AccountToken): boolean {
  if (at === undefined || issuedOn === undefined) return false;
  return Date.parse(issuedOn) >= Date.parse(at) - CLOCK_SKEW_MS;
}
