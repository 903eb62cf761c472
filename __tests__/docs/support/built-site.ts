import { readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { extname, join } from "node:path";
import { onFreePort } from "../../../stand-ins/free-port";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
};

/** The files of a built site, by their addresses. */
export function filesOf(folder: string, base: string): ReadonlyMap<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return new Map(names.map((name) => [`${base}${name}`, join(folder, name)]));
}

/** Serves them on loopback, as GitHub Pages does: `/` is `index.html`, and what is not there is a 404. */
export function serve(files: ReadonlyMap<string, string>): Promise<{ server: Server; origin: string }> {
  const server = createServer(({ url = "" }, response) => {
    const path = decodeURIComponent(new URL(url, "http://localhost").pathname).replace(/\/$/, "/index.html");
    const file = files.get(path);
    const type = TYPES[extname(path)];
    if (file === undefined || type === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": type }).end(readFileSync(file));
  });
  return onFreePort(
    (port) =>
      new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, "127.0.0.1", () => resolve({ server, origin: `http://127.0.0.1:${port}` }));
      }),
  );
}

/** A reference in a page. */
export interface Reference {
  /** Where it leads, without the fragment. */
  readonly address: string;
  readonly fragment: string;
}

const decoded = (text: string) =>
  text.replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&lt;", "<").replaceAll("&amp;", "&");

/** What a page links to, shows and loads. @param address of the page */
export function referencesIn(html: string, address: string): readonly Reference[] {
  const values = [...html.matchAll(/<(?:a|link|script|img)\b[^>]*?\s(?:href|src)="([^"]*)"/g)];
  return values.flatMap(([, value = ""]) => {
    const { protocol, origin, pathname, hash } = new URL(decoded(value), `http://site${address}`);
    if (!protocol.startsWith("http")) return [];
    const path = decodeURIComponent(pathname);
    return {
      address: origin === "http://site" ? path.replace(/\/$/, "/index.html") : origin + path,
      fragment: decodeURIComponent(hash.slice(1)),
    };
  });
}

/** The ids that a link into the page can name. */
export const idsIn = (html: string): ReadonlySet<string> =>
  new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id = ""]) => decoded(id)));
