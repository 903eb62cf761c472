import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { closeServer, listenOnLoopback } from "../loopback-server";

/** A comment or an issue, as GitHub answers it. */
export interface Post {
  readonly id: number;
  readonly number: number;
  title: string;
  body: string;
  state: "open" | "closed";
  readonly user: { readonly login: string; readonly type: "Bot" | "User" };
  readonly pull_request?: object;
}

export interface Run {
  readonly id: number;
  readonly path: string;
  readonly head_sha: string;
  readonly event: string;
  readonly conclusion: string | null;
  readonly run_started_at: string;
  readonly head_repository: { readonly full_name: string };
  readonly artifacts: readonly { readonly id: number; readonly name: string; readonly expired: boolean }[];
}

export interface Pull {
  readonly number: number;
  readonly merged_at: string | null;
  readonly head: { readonly sha: string; readonly repo: { readonly full_name: string } };
}

/** An annotated tag: an object of its own, which names a commit and may have a signature. */
export interface Tag {
  readonly commit: string;
  /** Why a signature counts or not: `valid`, `unsigned`, `unknown_key` … */
  readonly verification: string;
  /** A tag that is no object, only a name for a commit. */
  readonly lightweight?: boolean;
}

/** One repository at GitHub, as far as its jobs talk to its API. A test fills and reads it. */
export class GitHubRepository {
  readonly issues: Post[] = [];
  /** Comments by the number of their issue or pull request. */
  readonly comments = new Map<number, Post[]>();
  /** Pull requests by the commit that they became. */
  readonly pulls = new Map<string, readonly Pull[]>();
  readonly runs: Run[] = [];
  readonly tags = new Map<string, Tag>();
  /** How commits relate to main, as `git/compare` says it. */
  readonly comparedWithMain = new Map<string, "ahead" | "behind" | "diverged" | "identical">();
  /** What the token may not do, such as `POST /issues`. */
  readonly forbidden = new Set<string>();
  private lastId = 0;

  post(fields: Partial<Post>): Post {
    const id = ++this.lastId;
    return { id, number: id, title: "", body: "", state: "open", user: JOBS, ...fields };
  }

  commentsOn(number: number): Post[] {
    const found = this.comments.get(number) ?? [];
    this.comments.set(number, found);
    return found;
  }
}

export interface RunningGitHub {
  readonly repository: GitHubRepository;
  /** What GitHub sets for a job, with a token that its API takes. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Who writes with the token of a job. */
const JOBS = { login: "github-actions[bot]", type: "Bot" } as const;
const REPOSITORY = "home/lab";
const TOKEN = "ghs_standin";
const ID_REQUEST_TOKEN = "id-request-token";

/** Starts GitHub's REST API and its OIDC issuer on loopback, with one repository. */
export async function startGitHub(): Promise<RunningGitHub> {
  const repository = new GitHubRepository();
  const server = createServer(getRequestListener(apiOf(repository).fetch, { overrideGlobalObjects: false }));
  const url = `http://127.0.0.1:${await listenOnLoopback(server, 0)}`;
  return {
    repository,
    env: {
      GITHUB_TOKEN: TOKEN,
      GITHUB_API_URL: url,
      GITHUB_SERVER_URL: "https://github.example.com",
      GITHUB_REPOSITORY: REPOSITORY,
      GITHUB_RUN_ID: "4711",
      GITHUB_SHA: "c0ffee00".repeat(5),
      ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/oidc?api-version=2`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: ID_REQUEST_TOKEN,
    },
    stop: () => closeServer(server),
  };
}

function apiOf(repository: GitHubRepository): Hono {
  const app = new Hono();
  app.get("/oidc", (c) => {
    if (c.req.header("authorization") !== `Bearer ${ID_REQUEST_TOKEN}`) return c.json({ message: "no" }, 401);
    return c.json({ value: `oidc-for-${c.req.query("audience")}` });
  });
  const base = `/repos/${REPOSITORY}`;
  app.use(`${base}/*`, async (c, next) => {
    if (c.req.header("authorization") !== `Bearer ${TOKEN}`)
      return c.json({ message: "Bad credentials" }, 401);
    if (repository.forbidden.has(`${c.req.method} ${c.req.path.slice(base.length)}`))
      return c.json({ message: "Resource not accessible by integration" }, 403);
    return next();
  });
  addPosts(app, base, repository);
  addTags(app, base, repository);
  app.get(`${base}/commits/:sha/pulls`, (c) =>
    c.json(paged(c, repository.pulls.get(c.req.param("sha")) ?? [])),
  );
  app.get(`${base}/actions/runs`, (c) => {
    const { head_sha, event } = c.req.query();
    const found = repository.runs.filter((run) => run.head_sha === head_sha && run.event === event);
    return c.json({ total_count: found.length, workflow_runs: paged(c, found) });
  });
  app.get(`${base}/actions/runs/:id/artifacts`, (c) => {
    const run = repository.runs.find(({ id }) => id === Number(c.req.param("id")));
    const found = (run?.artifacts ?? []).filter(({ name }) => name === c.req.query("name"));
    return c.json({ total_count: found.length, artifacts: paged(c, found) });
  });
  return app;
}

function addPosts(app: Hono, base: string, repository: GitHubRepository): void {
  app.get(`${base}/issues/:number/comments`, (c) =>
    c.json(paged(c, repository.commentsOn(Number(c.req.param("number"))))),
  );
  app.post(`${base}/issues/:number/comments`, async (c) => {
    const comment = repository.post(await c.req.json());
    repository.commentsOn(Number(c.req.param("number"))).push(comment);
    return c.json(comment, 201);
  });
  app.patch(`${base}/issues/comments/:id`, async (c) => {
    const comment = [...repository.comments.values()]
      .flat()
      .find(({ id }) => id === Number(c.req.param("id")));
    return comment
      ? c.json(Object.assign(comment, await c.req.json()))
      : c.json({ message: "Not Found" }, 404);
  });
  app.get(`${base}/issues`, (c) =>
    c.json(
      paged(
        c,
        repository.issues.filter(({ state }) => state === c.req.query("state")),
      ),
    ),
  );
  app.post(`${base}/issues`, async (c) => {
    const issue = repository.post(await c.req.json());
    repository.issues.push(issue);
    return c.json(issue, 201);
  });
  app.patch(`${base}/issues/:number`, async (c) => {
    const issue = repository.issues.find(({ number }) => number === Number(c.req.param("number")));
    return issue ? c.json(Object.assign(issue, await c.req.json())) : c.json({ message: "Not Found" }, 404);
  });
}

function addTags(app: Hono, base: string, { tags, comparedWithMain }: GitHubRepository): void {
  const idOf = (name: string) => Buffer.from(name).toString("hex").padEnd(40, "0");
  const notFound = { message: "Not Found" };
  app.get(`${base}/git/ref/tags/:name`, (c) => {
    const name = c.req.param("name");
    const tag = tags.get(name);
    if (tag === undefined) return c.json(notFound, 404);
    const object = tag.lightweight ? { type: "commit", sha: tag.commit } : { type: "tag", sha: idOf(name) };
    return c.json({ ref: `refs/tags/${name}`, object });
  });
  app.get(`${base}/git/tags/:sha`, (c) => {
    const [, tag] = [...tags].find(([name]) => idOf(name) === c.req.param("sha")) ?? [];
    if (tag === undefined) return c.json(notFound, 404);
    const { commit, verification: reason } = tag;
    return c.json({
      object: { type: "commit", sha: commit },
      verification: { verified: reason === "valid", reason },
    });
  });
  app.get(`${base}/compare/:range`, (c) => {
    const status = comparedWithMain.get(c.req.param("range").replace(/^main\.{3}/, ""));
    return status ? c.json({ status }) : c.json(notFound, 404);
  });
}

function paged<Item>(c: Context, items: readonly Item[]): readonly Item[] {
  const size = Number(c.req.query("per_page") ?? 30);
  const first = (Number(c.req.query("page") ?? 1) - 1) * size;
  return items.slice(first, first + size);
}
