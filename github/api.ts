import { z } from "zod";
import { GitHubError, type Job, type JobEnvironment, requireVariables } from "./job";

const REQUEST_TIMEOUT_MS = 30_000;
/** GitHub's limit of a page. */
const PAGE_SIZE = 100;

/** Somebody, as GitHub answers it. */
const author = z.object({ login: z.string(), type: z.string() }).nullable();

/** A comment or an issue: both have a text, and somebody who wrote it. */
export const post = z.object({ id: z.int(), body: z.string().nullable(), user: author });
export const issue = post.extend({
  number: z.int(),
  title: z.string(),
  pull_request: z.unknown().optional(),
});

/**
 * The REST API of one repository, with the token of the job.
 * @see https://docs.github.com/en/rest
 */
export class GitHubApi {
  private readonly base: string;

  constructor(
    { repository }: Pick<Job, "repository">,
    private readonly env: JobEnvironment,
  ) {
    requireVariables(env, ["GITHUB_TOKEN"]);
    this.base = `${env.GITHUB_API_URL || "https://api.github.com"}/repos/${repository}`;
  }

  /** One thing. */
  async get<Answer>(path: string, answer: z.ZodType<Answer>): Promise<Answer> {
    return read(answer, await this.request("GET", path), `GET ${path}`);
  }

  /** All items of a list, of all its pages. @param key where the list is in the answer @default - the answer is the list */
  async list<Item>(path: string, item: z.ZodType<Item>, key?: string): Promise<readonly Item[]> {
    const items: Item[] = [];
    for (let page = 1; ; page++) {
      const paged = `${path}${path.includes("?") ? "&" : "?"}per_page=${PAGE_SIZE}&page=${page}`;
      const answer = await this.request("GET", paged);
      const listed = read(
        z.array(item),
        key ? (answer as Record<string, unknown>)?.[key] : answer,
        `GET ${path}`,
      );
      items.push(...listed);
      if (listed.length < PAGE_SIZE) return items;
    }
  }

  /** Makes or changes something. */
  async send<Answer>(
    method: "POST" | "PATCH",
    path: string,
    body: object,
    answer: z.ZodType<Answer>,
  ): Promise<Answer> {
    return read(answer, await this.request(method, path, body), `${method} ${path}`);
  }

  private async request(method: string, path: string, body?: object): Promise<unknown> {
    const what = `${method} ${path.replace(/\?.*/, "")}`;
    let response: Response;
    try {
      response = await fetch(`${this.base}${path}`, {
        method,
        // A redirect is for another repository, which the job was not about.
        redirect: "error",
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
        headers: {
          accept: "application/vnd.github+json",
          authorization: `Bearer ${this.env.GITHUB_TOKEN}`,
          "x-github-api-version": "2022-11-28",
          ...(body && { "content-type": "application/json" }),
        },
        ...(body && { body: JSON.stringify(body) }),
      });
    } catch (error) {
      const { message, cause } = error as Error;
      throw new GitHubError(
        `GitHub cannot be reached for ${what}: ${cause instanceof Error ? cause.message : message}`,
      );
    }
    const text = await response.text();
    if (response.ok) return parse(text, what);
    const { message = text.slice(0, 200) } = parse(text || "{}", what) as { message?: string };
    const advice =
      response.status === 403 || response.status === 404
        ? "; give the job the permission that docs/ci.md names for it"
        : "";
    throw new GitHubError(`GitHub answers ${response.status} to ${what}: ${message}${advice}`);
  }
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new GitHubError(`GitHub answers no JSON to ${what}: ${text.slice(0, 200)}`);
  }
}

function read<Value>(type: z.ZodType<Value>, value: unknown, what: string): Value {
  const parsed = type.safeParse(value);
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  throw new GitHubError(
    `GitHub answers something else than expected to ${what}: ${first?.path.join(".")} ${first?.message}`,
  );
}
