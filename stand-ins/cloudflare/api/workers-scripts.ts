import { Hono } from "hono";
import { z } from "zod";
import type { Account } from "../account";
import { ApiError } from "../api-error";
import type { Script } from "../model";
import { assertCron, type Schedules } from "../runtime/schedules";
import { describeBindings } from "../workers/bindings";
import { type Deployments, etagOf } from "../workers/deployments";
import { readUpload } from "../workers/upload";
import { type ApiEnv, permitted } from "./authorization";
import { readBody, success } from "./envelope";

const INVALID = 10001;
const subdomainBody = z.object({ enabled: z.boolean(), previews_enabled: z.boolean().optional() });
const schedulesBody = z.array(z.object({ cron: z.string() }));

/** Worker scripts with their settings, subdomains and schedules. */
export function workersScripts(
  account: Account,
  deployments: Deployments,
  schedules: Schedules,
): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.use(permitted(account, "Workers Scripts"));

  app.get("/subdomain", (c) => success(c, { subdomain: `stand-in-${account.state.id.slice(0, 8)}` }));
  app.get("/scripts", (c) => success(c, Object.values(account.state.scripts).map(answerOf)));
  app.get("/services/:script", (c) => {
    const script = account.script(c.req.param("script"));
    const { name: id, createdOn: created_on, modifiedOn: modified_on } = script;
    const default_environment = {
      environment: "production",
      created_on,
      modified_on,
      script: answerOf(script),
    };
    return success(c, { id, created_on, modified_on, default_environment });
  });

  app.put("/scripts/:script", async (c) => {
    const upload = await readUpload(c.req.raw);
    return success(c, answerOf(await deployments.upload(c.req.param("script"), upload)));
  });
  app.get("/scripts/:script", (c) => c.body(mainModuleOf(account.script(c.req.param("script")))));
  app.delete("/scripts/:script", async (c) => {
    await deployments.delete(c.req.param("script"));
    return success(c, null);
  });

  app.get("/scripts/:script/settings", (c) => {
    const script = account.script(c.req.param("script"));
    return success(c, {
      bindings: describeBindings(script),
      compatibility_date: script.compatibilityDate,
      compatibility_flags: script.compatibilityFlags,
      ...script.settings,
    });
  });

  app.get("/scripts/:script/content/v2", (c) => {
    const script = account.script(c.req.param("script"));
    const form = new FormData();
    for (const { name, contents, contentType } of mainModuleFirst(script)) {
      form.append(name, new File([Buffer.from(contents, "base64")], name, { type: contentType }));
    }
    const response = new Response(form);
    response.headers.set("cf-entrypoint", script.mainModule);
    return response;
  });

  app.get("/scripts/:script/subdomain", (c) => success(c, account.script(c.req.param("script")).subdomain));
  app.post("/scripts/:script/subdomain", async (c) => {
    const script = account.script(c.req.param("script"));
    const { enabled, previews_enabled = script.subdomain.previews_enabled } = await readBody(
      c,
      subdomainBody,
      INVALID,
    );
    script.subdomain = { enabled, previews_enabled };
    account.save();
    return success(c, script.subdomain);
  });
  app.delete("/scripts/:script/subdomain", (c) => {
    const script = account.script(c.req.param("script"));
    script.subdomain = { enabled: false, previews_enabled: false };
    account.save();
    return success(c, script.subdomain);
  });

  app.get("/scripts/:script/schedules", (c) => {
    return success(c, { schedules: account.script(c.req.param("script")).schedules });
  });
  app.put("/scripts/:script/schedules", async (c) => {
    const script = account.script(c.req.param("script"));
    const given = await readBody(c, schedulesBody, INVALID);
    for (const { cron } of given) assertCron(cron);
    if (given.length > 0 && !script.handlers.includes("scheduled")) {
      throw new ApiError(400, 10069, "This Worker has no scheduled handler.");
    }
    const now = new Date().toISOString();
    const before = new Map(script.schedules.map((schedule) => [schedule.cron, schedule]));
    script.schedules = given.map(
      ({ cron }) => before.get(cron) ?? { cron, created_on: now, modified_on: now },
    );
    account.save();
    schedules.update();
    return success(c, { schedules: script.schedules });
  });

  return app;
}

const answerOf = (script: Script) => ({
  id: script.name,
  etag: etagOf(script),
  created_on: script.createdOn,
  modified_on: script.modifiedOn,
  handlers: script.handlers,
  named_handlers: script.namedHandlers,
  has_assets: false,
  has_modules: true,
  last_deployed_from: "api",
  ...(script.migrationTag !== undefined && { migration_tag: script.migrationTag }),
  startup_time_ms: 1,
  compatibility_date: script.compatibilityDate,
  usage_model: script.settings.usage_model,
  logpush: script.settings.logpush,
});

const mainModuleFirst = ({ modules, mainModule }: Script) =>
  [...modules].sort((a, b) => Number(b.name === mainModule) - Number(a.name === mainModule));

const mainModuleOf = (script: Script): string =>
  Buffer.from(mainModuleFirst(script)[0]?.contents ?? "", "base64").toString();
