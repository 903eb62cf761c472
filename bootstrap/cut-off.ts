import { z } from "zod";
import type { BootstrapConfig } from "../config";
import { displayPath } from "../process/display-path";
import { step } from "../process/step";
import type { ShownResource } from "../process/tofu";
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
  /** Names of the Workers; undefined where none was wanted yet, and in notes of older versions. */
  readonly workers?: readonly string[];
  /** The applies since; notes of older versions do not say them. */
  readonly applies?: readonly Apply[];
  /** Whether one of them has the bucket of the states: nobody else can have made it then. */
  readonly hasBucket?: boolean;
}

/** When an apply began and ended, RFC 3339; one that was cut off has no end. */
interface Apply {
  readonly from: string;
  readonly to?: string;
}

export const beforeShape: z.ZodType<Before> = z.object({
  at: z.iso.datetime().optional(),
  buckets: z.array(z.string()),
  tokens: z.array(z.string()),
  workers: z.array(z.string()).optional(),
  applies: z.array(z.object({ from: z.iso.datetime(), to: z.iso.datetime().optional() })).optional(),
  hasBucket: z.boolean().optional(),
});

/** By how much this machine's clock and Cloudflare's may differ. */
const CLOCK_SKEW_MS = 5 * 60_000;
const STATE_BUCKET = "cloudflare_r2_bucket.state";
const BACKUP_BUCKET = "cloudflare_r2_bucket.backup";
const BUCKET_IS_THERE = /^\s*cloudflare_r2_bucket\.state: (Creation|Import) complete/;

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
    const from = new Date().toISOString();
    const before = this.workplace.before() ?? (await this.look(from));
    const workers = before.workers ?? (this.config.worker && (await this.account.workers()));
    this.workplace.noteBefore({ ...before, workers, applies: [...appliesOf(before), { from }] });
  }

  /** Reads along: OpenTofu writes the state at the end of an apply, which one that is cut off does not reach. */
  watch(follow: (line: string) => void): (line: string) => void {
    return (line) => {
      const before = this.workplace.before();
      if (before && !before.hasBucket && BUCKET_IS_THERE.test(line)) {
        this.workplace.noteBefore({ ...before, hasBucket: true });
      }
      follow(line);
    };
  }

  /** To be called after each apply, whatever it came to: what is made from now on is made by others. */
  noteEnd(): void {
    const before = this.workplace.before();
    const last = before?.applies?.at(-1);
    if (!before?.applies || !last) return;
    const ended = { ...last, to: new Date().toISOString() };
    this.workplace.noteBefore({ ...before, applies: [...before.applies.slice(0, -1), ended] });
  }

  /**
   * An upload replaces the Worker that has the name already, whoever made it.
   * @param known what the state knows
   * @throws where an apply would replace one that is not known to be made from here
   */
  async refuseToReplace(known: readonly ShownResource[]): Promise<void> {
    const name = await this.unknownWorker(known);
    const before = this.workplace.before();
    if (name === undefined || (before?.workers && !before.workers.includes(name))) return;
    throw new Error(
      `there is a Worker ${name} in account ${this.config.accountId}, and the state, with the bucket ` +
        `${this.config.bucket}, does not know it: it is another cluster's, or state.bucket, state.jurisdiction or ` +
        "bootstrap.worker.name was changed; set that back, or bootstrap.worker.name to a name that is free; if the " +
        "Worker is this cluster's, docs/bootstrap.md says how to import it",
    );
  }

  /**
   * Buckets to be taken into the state. OpenTofu passes over those that are in it.
   * @param known what the state knows
   * @throws where somebody else has made them
   */
  async imports(known: readonly ShownResource[]): Promise<Imports> {
    const before = this.workplace.before();
    if (!before) return {};
    await this.refuseToTakeOver(before, known);
    const { accountId, bucket, backupBucket, jurisdiction = "default" } = this.config;
    const made = (await this.existingBuckets()).filter((name) => !before.buckets.includes(name));
    const addresses = [
      [STATE_BUCKET, bucket],
      [BACKUP_BUCKET, backupBucket],
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
        if (!this.isForBucket(token) || !isMadeInApply(before, token)) {
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

  /**
   * Worker and token come after the bucket: where no apply from here came to have that, it has made neither.
   */
  private async refuseToTakeOver(before: Before, known: readonly ShownResource[]): Promise<void> {
    const { accountId, bucket } = this.config;
    if (before.hasBucket || before.buckets.includes(bucket)) return;
    if (known.some(({ address }) => address === STATE_BUCKET)) return;
    const worker = await this.unknownWorker(known);
    const tokens = (await this.account.tokens(this.tokenName)).filter(
      (token) => this.isForBucket(token) && !before.tokens.includes(token.id),
    );
    const made = [
      ...(worker === undefined || before.workers?.includes(worker) ? [] : [`a Worker ${worker}`]),
      ...tokens.map(({ id }) => `a token ${this.tokenName} (${id})`),
    ];
    if (made.length === 0) return;
    const folder = displayPath(this.workplace.root);
    throw new Error(
      `someone else has bootstrapped account ${accountId} since a run here was cut off: there is ${made.join(" and ")}, ` +
        `and no run here came to have the bucket ${bucket}, without which it makes neither; nothing was changed; set the folder aside (mv ${folder} ${folder}.aside) and run this again with ` +
        "the credentials of what is kept: it takes that; if nobody else was there, docs/bootstrap.md says how to import " +
        "what there is",
    );
  }

  /** The name of the stack's Worker, where one has it that the state does not know. */
  private async unknownWorker(known: readonly ShownResource[]): Promise<string | undefined> {
    const name = this.config.worker?.workerName;
    const isKnown = known.some(
      ({ type, values }) => type === "cloudflare_workers_script" && values.script_name === name,
    );
    if (name === undefined || isKnown) return undefined;
    return (await this.account.workers()).includes(name) ? name : undefined;
  }

  private async look(at: string): Promise<Before> {
    const [buckets, tokens] = [await this.existingBuckets(), await this.account.tokens(this.tokenName)];
    return { at, buckets, tokens: tokens.map(({ id }) => id), applies: [] };
  }

  /** As the stack's token is: for the one bucket, and nothing else. */
  private isForBucket({ resources }: AccountToken): boolean {
    const { accountId, bucket, jurisdiction = "default" } = this.config;
    const own = `com.cloudflare.edge.r2.bucket.${accountId}_${jurisdiction}_${bucket}`;
    return resources.length > 0 && resources.every((resource) => resource === own);
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

const appliesOf = ({ at, applies }: Before): readonly Apply[] => applies ?? (at ? [{ from: at }] : []);

/** Unknown times say no. */
function isMadeInApply(before: Before, { issuedOn }: AccountToken): boolean {
  if (issuedOn === undefined) return false;
  const issued = Date.parse(issuedOn);
  return appliesOf(before).some(({ from, to }, index, applies) => {
    // Of one that was cut off, nobody knows the end: it was over when the next began.
    const end = to ?? applies[index + 1]?.from;
    const isBefore = issued < Date.parse(from) - CLOCK_SKEW_MS;
    return !isBefore && (end === undefined || issued <= Date.parse(end) + CLOCK_SKEW_MS);
  });
}
