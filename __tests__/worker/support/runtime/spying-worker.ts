import node from "node:crypto";
import type { Env } from "../../../../worker/src/env";
import worker, { Directory, StateObject } from "../../../../worker/src/index";

export { Directory, StateObject };

const { timingSafeEqual } = node;
let comparisons = 0;
/** What the comparison answers, whatever it is asked; null for the truth. */
let answer: boolean | null = null;
node.timingSafeEqual = (a, b) => {
  comparisons++;
  return answer ?? timingSafeEqual(a, b);
};

/** The Worker, with the function spied upon that compares secrets in constant time. */
export default {
  fetch(request, env, ctx) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== "/comparisons") return worker.fetch(request, env, ctx);
    const asked = searchParams.get("answer");
    answer = asked === null ? null : asked === "true";
    return Response.json(comparisons);
  },
} satisfies ExportedHandler<Env>;
