import { befalls, count, planOf } from "./faults";

/** An R2 bucket that fails as a seed says. */
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
    const plan = planOf(key);
    const target = `${operation} ${kindOf(key)}`;
    if (plan?.interloper && target === "put current") {
      await this.bucket.put(key, plan.interloper);
      plan.interloper = null;
    }
    if (operation === "delete" && plan?.locked && key.includes(plan.locked))
      throw new Error("delete: the object is locked by a rule of the bucket");
    if (operation === "put" && plan?.locked && key.includes(plan.locked) && (await this.bucket.head(key)))
      throw new Error("put: the object is locked by a rule of the bucket");
    const fault = befalls(plan, target, plan?.rate ?? 0);
    if (fault === "slow") await new Promise((resolve) => setTimeout(resolve, plan?.random.below(20)));
    while (fault === "held" && planOf(key) === plan) await new Promise((resolve) => setTimeout(resolve, 5));
    if (fault === "crash before") this.crash();
    if (fault === "error before" || fault === "crash before") throw new Error(`${target}: injected`);
    count(operation);
    const result = await carryOut();
    if (fault === "cut" && result) return cutInHalf(result as unknown as R2ObjectBody) as unknown as T;
    if (fault === "crash after") this.crash();
    if (fault === "error after" || fault === "crash after")
      throw new Error(`${target}: injected, after it was done`);
    return result;
  }
}

/** An object whose body ends too early, without an error. */
function cutInHalf(object: R2ObjectBody): R2ObjectBody {
  const { readable, writable } = new IdentityTransformStream();
  const send = async () => {
    const writer = writable.getWriter();
    await writer.write((await object.bytes()).subarray(0, object.size / 2));
    await writer.close();
  };
  void send();
  return new Proxy(object, {
    get: (target, name) => (name === "body" ? readable : Reflect.get(target, name, target)),
  });
}

function kindOf(key: string): "history" | "lock" | "current" {
  if (key.startsWith("history/")) return "history";
  return key.endsWith(".tflock") ? "lock" : "current";
}
