import type { Random } from "../random";

/** What may go wrong with one operation of R2. */
export const faults = ["error before", "error after", "crash before", "crash after", "slow"] as const;
export type Fault = (typeof faults)[number];

/** Faults of one state, as its test set them. */
export interface Plan {
  readonly random: Random;
  readonly rate: number;
  readonly kinds: readonly Fault[];
  /** The only operation they befall, such as `put current`; null for all. */
  readonly target: string | null;
  /** What an S3 client writes right before the Worker's next put of the current object. */
  interloper: string | null;
}
/** In the isolate, not in the object: a Durable Object that crashed must not meet the same fault for ever. */
export const plans = new Map<string, Plan>();

/** Operations that were carried out, by name of the operation. */
export const operations: Record<string, number> = {};

/** An R2 bucket that fails as a seed says. `crash` ends the Durable Object, with whatever it had in memory. */
export class FaultyBucket implements Pick<R2Bucket, "head" | "get" | "put" | "delete"> {
  constructor(
    private readonly bucket: R2Bucket,
    private readonly crash: () => void = () => undefined,
  ) {}

  head(key: string): Promise<R2Object | null> {
    return this.#run("head", key, () => this.bucket.head(key));
  }

  get(key: string, options?: R2GetOptions): Promise<R2ObjectBody | null> {
    return this.#run("get", key, () => this.bucket.get(key, options) as Promise<R2ObjectBody | null>);
  }

  put(key: string, value: Parameters<R2Bucket["put"]>[1], options?: R2PutOptions): Promise<R2Object> {
    return this.#run("put", key, () => this.bucket.put(key, value, options) as Promise<R2Object>);
  }

  delete(keys: string | string[]): Promise<void> {
    return this.#run("delete", String(keys), () => this.bucket.delete(keys));
  }

  async #run<T>(operation: string, key: string, carryOut: () => Promise<T>): Promise<T> {
    const plan = [...plans].find(([name]) => key.includes(`/${name}`))?.[1];
    const target = `${operation} ${kindOf(key)}`;
    if (plan?.interloper && target === "put current") {
      await this.bucket.put(key, plan.interloper);
      plan.interloper = null;
    }
    const befallen = plan && (plan.target ?? target) === target && plan.random.chance(plan.rate);
    const fault = befallen ? plan.random.pick(plan.kinds) : null;
    if (fault === "slow") await new Promise((resolve) => setTimeout(resolve, plan?.random.below(20)));
    if (fault === "crash before") this.crash();
    if (fault === "error before" || fault === "crash before") throw new Error(`${target}: injected`);
    operations[operation] = (operations[operation] ?? 0) + 1;
    const result = await carryOut();
    if (fault === "crash after") this.crash();
    if (fault === "error after" || fault === "crash after")
      throw new Error(`${target}: injected, after it was done`);
    return result;
  }
}

function kindOf(key: string): "history" | "lock" | "current" {
  if (key.startsWith("history/")) return "history";
  return key.endsWith(".tflock") ? "lock" : "current";
}
