import { z } from "zod";
import { GitHubError, type JobEnvironment, requireVariables } from "./job";

const answer = z.object({ value: z.string().min(1) });

/**
 * The token with which GitHub tells others who this job is. It lives for minutes.
 * @param audience whom the token is for, as the other side expects it
 * @throws GitHubError if the job may not have one
 */
export async function oidcToken(env: JobEnvironment, audience: string): Promise<string> {
  if (!env.ACTIONS_ID_TOKEN_REQUEST_URL)
    throw new GitHubError("GitHub gives this job no OIDC token; give the job permissions: id-token: write");
  requireVariables(env, ["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]);
  const url = new URL(env.ACTIONS_ID_TOKEN_REQUEST_URL);
  url.searchParams.set("audience", audience);
  const response = await fetch(url, {
    redirect: "error",
    headers: { authorization: `Bearer ${env.ACTIONS_ID_TOKEN_REQUEST_TOKEN}` },
  });
  const parsed = answer.safeParse(response.ok ? await response.json() : undefined);
  if (!parsed.success)
    throw new GitHubError(`GitHub answers ${response.status} and no OIDC token for ${audience}`);
  return parsed.data.value;
}
