import { z } from "zod";
import { apiVersion, headers } from "../../../domain/worker-api";
import type { Route, Routes } from "./route";
import { ErrorBody } from "./schemas";

const identified = {
  [headers.identity]: {
    description: "that a tfstate Worker answers, and the version of these routes",
    schema: { type: "string" },
  },
};

/** Adds the route that describes all the others. */
export function openApiRoute(routes: Routes): void {
  routes.add(
    { method: "get", path: "/openapi.json", scope: "read", reach: "no state", summary: "This document" },
    async () => Response.json(openApi(routes.all)),
  );
}

/** OpenAPI 3.1, whose schemas are JSON Schema, made of the routes themselves. */
export function openApi(routes: readonly Route[]) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    if (route.isPage) continue;
    paths[route.path] = { ...paths[route.path], [route.method]: operation(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "tfstate Worker",
      version: apiVersion,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    security: [{ basic: [] }, { bearer: [] }],
    paths,
    components: {
      securitySchemes: {
        basic: { type: "http", scheme: "basic" },
        bearer: { type: "http", scheme: "bearer" },
      },
    },
  };
}

function operation(route: Route) {
  const { path, method, summary, query, body, answer } = route;
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const properties = query ? (z.toJSONSchema(query, { io: "input" }).properties ?? {}) : {};
  const inQuery = Object.entries(properties).map(([name, schema]) => ({ name, in: "query", schema }));
  const success = answer ? z.toJSONSchema(answer) : {};
  return {
    operationId: `${method}${path.replace(/[^a-z]+(\w?)/gi, (_, letter: string) => letter.toUpperCase())}`,
    summary,
    description: description(route),
    parameters: [...inPath, ...inQuery],
    ...(body
      ? {
          requestBody: {
            required: true,
            content: { "application/json": { schema: z.toJSONSchema(body, { io: "input" }) } },
          },
        }
      : {}),
    responses: {
      "2XX": {
        description: "done",
        headers: identified,
        content: { "application/json": { schema: success } },
      },
      default: {
        description: "refused",
        headers: identified,
        content: { "application/json": { schema: z.toJSONSchema(ErrorBody) } },
      },
    },
  };
}

function description({ scope, reach, webDav }: Route): string {
  const patterns = reach === "whole namespace" ? " on every state of the namespace" : "";
  const needs = scope === null ? "Needs a credential." : `Needs the scope \`${scope}\`${patterns}.`;
  return webDav ? `${needs} Also as the method ${webDav}.` : needs;
}
