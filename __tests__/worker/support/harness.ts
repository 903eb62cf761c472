import type { Miniflare } from "miniflare";
import { type RuntimeOptions, startWorker } from "../../../worker/runtime";
import { closeConnections, type Target } from "../conformance/client";

/** A Worker of one test file, in workerd. */
export interface TestWorker {
  readonly miniflare: Miniflare;
  /** The owner of everything. */
  readonly owner: Target;
  /** The same Worker as someone else. */
  as(username: string, password: string): Target;
  /** What the Worker logged so far. */
  readonly logged: () => string;
  stop(): Promise<void>;
}

export const ownerPassword = "correct horse battery staple";

/** Starts the Worker with an owner `owner`, on a free port. */
export async function startTestWorker(options: Partial<RuntimeOptions> = {}): Promise<TestWorker> {
  let logged = "";
  const vars: Record<string, string> = {
    TFSTATE_USERNAME: "owner",
    TFSTATE_PASSWORD: ownerPassword,
    ...options.vars,
  };
  const log = (text: string): void => {
    logged += text;
  };
  const { miniflare, url: address } = await startWorker({ believesHeaders: true, ...options, vars, log });
  const url = address.origin + (vars.TFSTATE_BASE_PATH ?? "");
  return {
    miniflare,
    owner: { url, username: "owner", password: ownerPassword },
    as: (username, password) => ({ url, username, password }),
    logged: () => logged,
    async stop() {
      await closeConnections();
      await miniflare.dispose();
    },
  };
}
