import { lockInfo, State } from "../../__tests__/worker/conformance/client";
import { bare, type Contender, startMeasured, tfstate } from "./contenders";
import { must } from "./requests";
import { peakMemory, residentMemory } from "./workerd-process";

/** What workerd takes for one state of 90 MB, in MB of resident memory. It plays R2 and SQLite too. */
export interface MemoryResult {
  /** `bare` puts the request's body in R2 and gets it from there: what that takes is R2's and HTTP's. */
  readonly worker: "bare" | "tfstate";
  /** One long text, or resources with names of 4 KB. */
  readonly body: "plain" | "long names";
  readonly idle: number;
  /** The most while it was written, and while it was read. */
  readonly post: number;
  readonly get: number;
}

const megabytes = 90;
const workers = { bare, tfstate: tfstate("on") } as const;
const bodies = ["plain", "long names"] as const;

/** Measures each Worker with each body in a workerd of its own. Null where the system does not tell: it needs Linux. */
export async function measureMemory(): Promise<readonly MemoryResult[] | null> {
  if (process.platform !== "linux") return null;
  const results: MemoryResult[] = [];
  for (const worker of ["bare", "tfstate"] as const) {
    for (const body of bodies) results.push({ worker, body, ...(await measure(workers[worker], body)) });
  }
  return results;
}

async function measure(contender: Contender, body: MemoryResult["body"]) {
  const { target, pid, stop } = await startMeasured(contender);
  try {
    const state = new State(target);
    const write = async (text: string): Promise<void> => {
      const info = lockInfo();
      must(await state.lock(info));
      must(await state.post(text, info.ID));
      must(await state.unlock(info));
    };
    const read = async (size: number): Promise<void> => {
      const { status, text } = await state.get();
      if (status !== 200 || text.length !== size)
        throw new Error(`${status}: ${text.length} of ${size} bytes`);
    };
    const small = stateOf(1, "plain", 1000);
    await write(small);
    await read(small.length);
    const large = stateOf(2, body, megabytes * 1e6);
    const idle = residentMemory(pid);
    const post = await peakMemory(pid, () => write(large));
    const get = await peakMemory(pid, () => read(large.length));
    return { idle, post, get };
  } finally {
    await stop();
  }
}

function stateOf(serial: number, body: MemoryResult["body"], size: number): string {
  const rest = { version: 4, terraform_version: "1.12.6", serial, lineage: "bench" };
  if (body === "plain")
    return JSON.stringify({
      ...rest,
      outputs: { text: { value: "x".repeat(size), type: "string" } },
      resources: [],
    });
  const nameLength = 4000;
  const resources = Array.from({ length: size / nameLength }, (_, at) => ({
    mode: "managed",
    type: "terraform_data",
    name: `${at}-${"n".repeat(nameLength)}`,
    instances: [],
  }));
  return JSON.stringify({ ...rest, outputs: {}, resources });
}
