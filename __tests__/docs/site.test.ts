import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { GROUPS } from "../../site/navigation";
import { inBrowser, startChromium } from "../support/chromium";
import { ROOT } from "../support/running-program";
import { waitUntil } from "../support/wait-until";
import { filesOf, idsIn, referencesIn, serve } from "./support/built-site";

/* The docs site as `npm run docs:build` makes it for GitHub Pages: its links, and in a real Chromium. */

const BASE = "/tools/";
const folder = mkdtempSync(join(tmpdir(), "docs-site-"));
let said: string;
let files: ReadonlyMap<string, string>;
/** The text of each page, by its address. */
let pages: ReadonlyMap<string, string>;
const page = (path: string) => pages.get(`${BASE}${path}`) ?? "";

beforeAll(() => {
  const args = ["run", "-s", "docs:build", "--", "--base", BASE, "--outDir", folder];
  const env = { ...process.env, GITHUB_SERVER_URL: "https://github.com", GITHUB_REPOSITORY: "home/tools" };
  const { status, stdout, stderr } = spawnSync("npm", args, { cwd: ROOT, env, encoding: "utf8" });
  said = stdout + stderr;
  if (status !== 0) throw new Error(said);
  files = filesOf(folder, BASE);
  pages = new Map(
    [...files]
      .filter(([name]) => name.endsWith(".html"))
      .map(([name, file]) => [name, readFileSync(file, "utf8")]),
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

test("the build warns of nothing", () => {
  expect(said).toContain("build complete");
  expect(said).not.toMatch(/warn|\(!\)|deprecated/i);
});

test("every link leads to a page, and to a heading where it names one; every image, style and script is there", () => {
  const ids = new Map([...pages].map(([address, html]) => [address, idsIn(html)]));
  let followed = 0;
  const broken = [...pages].flatMap(([from, html]) =>
    referencesIn(html, from)
      .filter(({ address }) => !address.startsWith("http"))
      .filter(({ address, fragment }) => {
        followed++;
        if (!files.has(address)) return true;
        return fragment !== "" && !ids.get(address)?.has(fragment);
      })
      .map(({ address, fragment }) => `${from}: ${address}#${fragment}`),
  );
  expect(broken).toEqual([]);
  expect(followed).toBeGreaterThan(2000);
});

test("a page loads nothing from elsewhere", () => {
  const loaded = [...pages.values()].flatMap(
    (html) => html.match(/<(?:link|script|img)\b[^>]*="https?:[^>]*>/g) ?? [],
  );
  expect(loaded).toEqual([]);
  const styles = [...files].filter(([name]) => name.endsWith(".css"));
  expect(styles.length).toBeGreaterThan(0);
  for (const [, file] of styles) expect(readFileSync(file, "utf8")).not.toMatch(/url\(["']?(https?:)?\/\//);
});

test("a link to a file that is no page leads to the repository", () => {
  const addresses = referencesIn(page("ci.html"), `${BASE}ci.html`).map(({ address }) => address);
  expect(addresses).toContain("https://github.com/home/tools/blob/HEAD/Dockerfile");
  expect(addresses).toContain("https://github.com/home/tools/tree/HEAD/init/templates/github");
});

test.each([
  ["reference/cluster-yaml.html", "nodesvm_id"],
  ["reference/commands.html", "state-restore"],
  ["reference/api/cdktf-proxmox-talos/index.html", "talosvmprops"],
  ["reference/api/cdktf-proxmox-talos/classes/TalosVm.html", "constructors"],
  ["reference/api/cdktf-proxmox-talos/cloudflare/index.html", "packagedworker"],
  ["changelog.html", "010"],
])("%s has %s", (path, id) => expect([...idsIn(page(path))]).toContain(id));

inBrowser("in Chromium", () => {
  let browser: Browser;
  let server: Server;
  let origin: string;
  const complaints: string[] = [];
  beforeAll(async () => {
    ({ server, origin } = await serve(files));
    browser = await startChromium();
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });
  afterEach(() => expect(complaints.splice(0)).toEqual([]));

  async function open(path: string, options: Parameters<Browser["newContext"]>[0] = {}): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const opened = await context.newPage();
    opened.on("console", (message) => complaints.push(message.text()));
    opened.on("pageerror", (error) => complaints.push(String(error)));
    opened.on("request", (request) => {
      if (!request.url().startsWith(origin)) complaints.push(`asks ${request.url()}`);
    });
    await opened.goto(`${origin}${BASE}${path}`);
    // From now on, it answers to keys and clicks.
    await opened.waitForFunction("document.querySelector('#app').__vue_app__ !== undefined");
    return opened;
  }
  const heading = (opened: Page, name: string) => opened.getByRole("heading", { level: 1, name }).waitFor();

  test("the sidebar has every group, and leads to pages", async () => {
    const opened = await open("");
    const sidebar = opened.getByRole("navigation", { name: "Sidebar Navigation" });
    for (const { title } of GROUPS) await sidebar.getByRole("heading", { name: title }).waitFor();
    await sidebar.getByRole("link", { name: "Configuration", exact: true }).click();
    await heading(opened, "Configuration");
    await sidebar.getByRole("link", { name: "Decisions", exact: true }).click();
    await heading(opened, "Decisions");
    expect(opened.url()).toBe(`${origin}${BASE}decisions/`);
    await opened.context().close();
  });

  test("a search for a key leads to it, by keyboard", async () => {
    const opened = await open("");
    await opened.keyboard.press("/");
    await opened.getByRole("searchbox").fill("vm_id");
    await opened.getByRole("option").first().getByText("nodes[].vm_id").waitFor();
    await opened.keyboard.press("Enter");
    await opened.waitForURL("**/reference/cluster-yaml.html#nodesvm_id");
    const key = opened.getByRole("heading", { name: "nodes[].vm_id", exact: false }).first();
    await key.waitFor();
    await opened.waitForFunction(
      "(() => { const { top } = document.getElementById('nodesvm_id').getBoundingClientRect(); return top >= 0 && top < innerHeight; })()",
    );
    await opened.context().close();
  });

  test("dark as the system is, light by the switch, and so on the next page", async () => {
    const opened = await open("talos.html", { colorScheme: "dark" });
    const ground = () => opened.evaluate("getComputedStyle(document.body).backgroundColor");
    const dark = await ground();
    await opened.getByRole("switch", { name: /theme/ }).first().click();
    await opened.waitForFunction("!document.documentElement.classList.contains('dark')");
    const light = await ground();
    expect(light).toBe("rgb(255, 255, 255)");
    expect(dark).not.toBe(light);
    await opened.goto(`${origin}${BASE}state.html`);
    expect(await ground()).toBe(light);
    await opened.context().close();
  });

  test("narrow: the menu opens and leads to a page, and no page is wider than the screen", async () => {
    const opened = await open("", { viewport: { width: 375, height: 800 } });
    const sidebar = opened.getByRole("navigation", { name: "Sidebar Navigation" });
    const link = sidebar.getByRole("link", { name: "Talos", exact: true });
    const isBeside = async () => ((await link.boundingBox())?.x ?? 0) < 0;
    expect(await isBeside()).toBe(true);
    await opened.getByRole("button", { name: "Menu" }).click();
    await link.click();
    await heading(opened, "Talos");
    await waitUntil(isBeside);
    for (const path of [
      "talos.html",
      "configuration.html",
      "design.html",
      "worker.html",
      "benchmarks.html",
      "reference/cluster-yaml.html",
      "reference/commands.html",
      "reference/api/cdktf-proxmox-talos/",
    ]) {
      await opened.goto(`${origin}${BASE}${path}`);
      const { scrollWidth, clientWidth } = (await opened.evaluate(
        "({ scrollWidth: document.documentElement.scrollWidth, clientWidth: document.documentElement.clientWidth })",
      )) as { readonly scrollWidth: number; readonly clientWidth: number };
      expect([path, scrollWidth]).toEqual([path, clientWidth]);
    }
    await opened.context().close();
  });
});
