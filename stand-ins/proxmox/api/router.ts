import type { Route } from "./route";

export interface RouteMatch {
  readonly route: Route;
  readonly path: Readonly<Record<string, string>>;
}

/** Finds the route of a request by its path template. */
export class Router {
  private readonly entries: readonly { readonly route: Route; readonly pattern: RegExp }[];

  constructor(routes: readonly Route[]) {
    this.entries = routes.map((route) => ({ route, pattern: templatePattern(route.template) }));
  }

  /** @param path percent-encoded; a volume ID at its end may contain slashes as they are, too */
  match(method: string, path: string): RouteMatch | undefined {
    for (const { route, pattern } of this.entries) {
      const match = route.method === method ? pattern.exec(path) : null;
      if (!match) continue;
      const decoded = Object.entries(match.groups ?? {}).map(([name, value]) => [
        name,
        decodeURIComponent(value),
      ]);
      return { route, path: Object.fromEntries(decoded) };
    }
    return undefined;
  }
}

/** Matches with and without a slash at the end, since the provider adds one to some paths: `DELETE …/qemu/201/`. */
function templatePattern(template: string): RegExp {
  const source = template.replace(/\{volume\}$/, "(?<volume>.+?)").replace(/\{(\w+)\}/g, "(?<$1>[^/]+)");
  return new RegExp(`^${source}/?$`);
}
