import node from "node:crypto";
import type { Env } from "../../../../worker/src/env";
import worker, { Directory, Passwords, StateObject } from "../../../../worker/src/index";

export { Directory, Passwords, StateObject };

const { timingSafeEqual } = node;
let comparisons = 0;
/** What the comparison answers, whatever it is asked; null for the truth. */
let answer: boolean | null = null;
node.timingSafeEqual = (a, b) => {
  comparisons++;
  return answer ?? timingSafeEqual(a, b);
};

let iterations = 0;
const deriveBits = crypto.subtle.deriveBits.bind(crypto.subtle);
crypto.subtle.deriveBits = (algorithm, ...others) => {
  iterations += (algorithm as { iterations?: number }).iterations ?? 0;
  return deriveBits(algorithm, ...others);
};

/** The Worker, with the functions spied upon that hash secrets, and that compare them in constant time. */
export default {
  fetch(request, env, ctx) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/iterations") return Response.json(iterations);
    if (pathname !== "/comparisons") return worker.fetch(request, env, ctx);
    const asked = searchParams.get("answer");
    answer = asked === null ? null : asked === "true";
    return Response.json(comparisons);
  },
} satisfies ExportedHandler<Env>;
