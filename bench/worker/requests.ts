import { lockInfo, type Reply, type State } from "../../__tests__/worker/conformance/client";

/** @throws Error for an answer that is no success: its time would say nothing */
export function must(reply: Reply): Reply {
  if (reply.status >= 300) throw new Error(`${reply.status}: ${reply.text.slice(0, 200)}`);
  return reply;
}

export async function lockAndUnlock(state: State): Promise<Reply> {
  const info = lockInfo();
  must(await state.lock(info));
  return state.unlock(info);
}
