import type { Hono } from "hono";
import type { AppEnv } from "../http/context";

export function pageRoutes(_app: Hono<AppEnv>): void {}
