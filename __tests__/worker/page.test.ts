import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { inBrowser, startChromium } from "../support/chromium";
import { expectProblem, expectUnlocked, json, jsonList } from "./conformance/case";
import { lockInfo, State, send, stateBody } from "./conformance/client";
import { ownerPassword, startTestWorker, type TestWorker } from "./support/harness";

/* The dashboard, also in a real Chromium. */

/** `SCREENSHOTS=docs/images npx jest worker/page` makes the pictures of the docs. */
const screenshots = process.env.SCREENSHOTS;

let worker: TestWorker;
let browser: Browser;
beforeAll(async () => {
  worker = await startTestWorker({ vars: { TFSTATE_BASE_PATH: "/tfstate" } });
});
afterAll(() => worker.stop());

test("the page is behind the same credentials, forbids scripts and frames, and never redirects", async () => {
  expectProblem(await send(worker.owner, "GET", "/", { headers: { authorization: "" } }), 401);
  const reply = await send(worker.owner, "GET", "/");
  expect(reply.status).toBe(200);
  const policy = String(reply.headers["content-security-policy"]);
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain("unsafe");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(reply.text).not.toMatch(/<script|javascript:|style=|onclick=/i);
});

test("a name and a lock that hold markup are shown as text", async () => {
  const state = new State(worker.owner, `<img src=x onerror=alert(1)>"'${lockInfo().ID}`);
  await state.post(stateBody({ serial: 1 }));
  await state.lock({ ...lockInfo(), Who: "<script>alert(2)</script>", Operation: "</td><h1>" });
  for (const path of ["/", `/page${state.path}`]) {
    const { text } = await send(worker.owner, "GET", path);
    expect(text).not.toContain("<img");
    expect(text).not.toContain("<script");
    expect(text).not.toContain("</td><h1>");
  }
});

test("a list of many states goes on on further pages, also for who may see some of them only", async () => {
  const names = Array.from({ length: 45 }, (_, at) => `${at % 9 === 0 ? "seen" : "other"}-${at + 10}`);
  for (const name of names) await new State(worker.owner, `zz-${name}`).post(stateBody({ serial: 1 }));
  const shown = new Set<string>();
  let pages = 0;
  for (let path = "/?after=zz"; path !== ""; pages++) {
    const { text } = await send(worker.owner, "GET", path);
    for (const [, name = ""] of text.matchAll(/page\/states\/zz-([\w-]+)"/g)) shown.add(name);
    path = /href="\/tfstate(\/\?after=[^"]+)"/.exec(text)?.[1] ?? "";
  }
  expect([...shown].sort()).toEqual([...names].sort());
  expect(pages).toBeGreaterThanOrEqual(2);
  const body = JSON.stringify({ name: "some", scopes: ["read"], states: ["zz-seen-*"] });
  const { token } = json(await send(worker.owner, "POST", "/tokens", { body }));
  const some = await send(worker.as("some", String(token)), "GET", "/states");
  expect(jsonList(some).length).toBe(5);
});

test("each part of the page needs what the API asks for it", async () => {
  const state = new State(worker.owner);
  await state.post(stateBody({ serial: 1 }));
  await state.post(stateBody({ serial: 2, resources: ["secret_address"] }));
  const as = async (...scopes: string[]) => {
    const body = JSON.stringify({ name: `may-${scopes}`, scopes, states: [state.name] });
    const { token, id } = json(await send(worker.owner, "POST", "/tokens", { body }));
    return { target: worker.as("any", String(token)), id };
  };
  const page = `/page${state.path}`;
  const headers = { "sec-fetch-site": "same-origin" };

  const locker = await as("lock");
  for (const path of ["/", page]) expectProblem(await send(locker.target, "GET", path), 403);
  const info = lockInfo();
  await new State(locker.target, state.name).lock(info);
  const broken = await send(locker.target, "POST", `${page}/unlock?ID=${info.ID}`, { headers });
  expect(broken.text).toContain("The lock was broken.");
  for (const hidden of ["secret_address", "Serial", "basic:owner"]) expect(broken.text).not.toContain(hidden);

  const reader = await as("read");
  await new State(locker.target, state.name).lock(lockInfo());
  const { text } = await send(reader.target, "GET", page);
  expect(text).toContain("secret_address");
  expect(text).toContain(`token:${locker.id} (may-lock)`);
  for (const action of ["Break this lock", "Restore …", "Audit"]) expect(text).not.toContain(action);
  for (const action of ["unlock?ID=x", "restore?id=x"])
    for (const method of ["GET", "POST"])
      expectProblem(await send(reader.target, method, `${page}/${action}`, { headers }), 403);
});

test("a form that does not come from the page changes nothing", async () => {
  const state = new State(worker.owner);
  await state.post(stateBody({ serial: 1 }));
  const info = lockInfo();
  await state.lock(info);
  const path = `/page${state.path}/unlock?ID=${info.ID}`;
  for (const headers of [{}, { origin: "https://evil.example" }] as Record<string, string>[]) {
    expectProblem(await send(worker.owner, "POST", path, { headers }), 403);
  }
  expect(json(await state.holder()).ID).toBe(info.ID);
});

inBrowser("in Chromium", () => {
  const looks = (["light", "dark"] as const).flatMap((scheme) =>
    (
      [
        ["wide", 1280],
        ["narrow", 360],
      ] as const
    ).map(([width, pixels]) => ({ scheme, width, pixels })),
  );
  let state: State;
  /** ID of its newest version. */
  let newest: unknown;

  beforeAll(async () => {
    browser = await startChromium();
    state = new State(worker.owner, "production-network");
    await state.post(stateBody({ serial: 1, resources: ["gateway"] }));
    await state.post(stateBody({ serial: 2, resources: ["gateway", "firewall"] }));
    newest = jsonList(await state.send("GET", "/versions"))[0]?.id;
    await state.lock(lockInfo("alice@laptop"));
    await new State(worker.owner, "staging").post(stateBody({ serial: 7, encrypted: true }));
  });
  afterAll(() => browser?.close());

  const open = async (path: string, options: Parameters<Browser["newContext"]>[0] = {}): Promise<Page> => {
    const httpCredentials = { username: "owner", password: ownerPassword };
    const context: BrowserContext = await browser.newContext({ httpCredentials, ...options });
    const page = await context.newPage();
    await page.goto(`${worker.owner.url}${path}`);
    return page;
  };

  test.each(looks)(
    "$scheme and $width: readable, in one column of scrolling, and without a complaint",
    async ({ scheme, width, pixels }) => {
      for (const [name, path] of [
        ["states", "/"],
        ["state", `/page${state.path}`],
        ["changes", `/page${state.path}/changes?id=${newest}`],
      ] as const) {
        const page = await open(path, { colorScheme: scheme, viewport: { width: pixels, height: 900 } });
        const complaints: string[] = [];
        page.on("console", (message) => complaints.push(message.text()));
        await page.reload();
        expect(complaints).toEqual([]);
        expect(
          await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"),
        ).toBe(true);
        const poor = (await page.evaluate(poorContrast)) as string[];
        expect(poor).toEqual([]);
        if (screenshots) {
          await mkdir(screenshots, { recursive: true });
          await page.screenshot({ path: join(screenshots, `worker-${name}-${scheme}-${width}.png`) });
        }
        await page.context().close();
      }
    },
  );

  test("it shows each state with its lock, its history with what changed, and the audit", async () => {
    const page = await open("/", { javaScriptEnabled: false });
    expect(await page.getByText("alice@laptop").first().isVisible()).toBe(true);
    await page.getByRole("link", { name: "production-network" }).click();
    expect(await page.getByRole("heading", { level: 1, name: "production-network" }).isVisible()).toBe(true);
    await page.getByText("1 added, 0 removed").first().click();
    expect(await page.getByText("terraform_data.firewall").isVisible()).toBe(true);
    expect(await page.getByRole("region", { name: "Audit" }).getByText("write").first().isVisible()).toBe(
      true,
    );
    await page.context().close();
  });

  test("what a screen reader needs is there: language, title, landmarks, headers of tables, names of links", async () => {
    const page = await open(`/page${state.path}`);
    expect(await page.locator("html").getAttribute("lang")).toBe("en");
    expect(await page.title()).toBe("production-network · tfstate");
    expect(await page.getByRole("main").count()).toBe(1);
    expect(await page.getByRole("navigation").count()).toBe(1);
    expect(await page.getByRole("heading", { level: 1 }).count()).toBe(1);
    for (const table of await page.getByRole("table").all()) {
      expect(await table.getByRole("columnheader").count()).toBeGreaterThan(2);
      expect(await table.locator("caption").count()).toBe(1);
    }
    expect(await page.locator("a:not([aria-label]):empty, button:empty").count()).toBe(0);
    await page.context().close();
  });

  test("a restore and a broken lock take a confirmation, by keyboard and without JavaScript", async () => {
    const mine = new State(worker.owner);
    await mine.post(stateBody({ serial: 1 }));
    await mine.post(stateBody({ serial: 2 }));
    const info = lockInfo("gone@laptop");
    await mine.lock(info);
    const page = await open(`/page${mine.path}`, { javaScriptEnabled: false });
    const press = async (role: "link" | "button", name: RegExp) => {
      await page.getByRole(role, { name }).focus();
      await Promise.all([page.waitForLoadState("load"), page.keyboard.press("Enter")]);
    };
    await press("link", /Break this lock/);
    await page.getByRole("heading", { name: /Break the lock/ }).waitFor();
    expect(json(await mine.holder()).ID).toBe(info.ID);
    await press("button", /Break the lock/);
    await page.getByText("The lock was broken.").waitFor();
    expectUnlocked(await mine.holder());
    await press("link", /Restore serial 1/);
    await page.getByRole("heading", { name: /Restore an older version/ }).waitFor();
    expect((await mine.get()).text).toBe(stateBody({ serial: 2 }));
    await press("button", /Restore this version/);
    await page.getByText("The version was restored.").waitFor();
    expect((await mine.get()).text).toBe(stateBody({ serial: 1 }));
    await page.context().close();
  });

  test("the first stop of the Tab key skips to the content, and every stop shows", async () => {
    const page = await open(`/page${state.path}`);
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent.trim()")).toBe("Skip to the content");
    for (let stop = 0; stop < 8; stop++) {
      expect(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle !== 'none'")).toBe(
        true,
      );
      await page.keyboard.press("Tab");
    }
    await page.context().close();
  });
});

/** Runs in the page: texts whose contrast with their ground is below WCAG's 4.5 : 1. */
const poorContrast = `(() => {
  const parse = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll("body *")].filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()))
    .filter((element) => {
      const [light, dark] = [luminance(parse(getComputedStyle(element).color)), luminance(ground(element))].sort((a, b) => b - a);
      return (light + 0.05) / (dark + 0.05) < 4.5;
    }).map((element) => element.outerHTML.slice(0, 100));
})()`;
