import { type StateRule, stateRules } from "./state-guard";

/*
 * The parts of the HTTP protocol that the tfstate Worker and its clients share. The paths are not here: they are in the
 * OpenAPI document that the Worker generates from its routes.
 */

export const headers = {
  /** On every answer of a Worker. An answer without it comes from something else, such as a proxy, and is not trusted. */
  identity: "x-tfstate-worker",
  /** On a write: the rules to lift for it, see {@link overrideHeader}. */
  override: "x-tfstate-override",
  /** With the bytes of a state: which version it is. */
  version: "x-tfstate-version",
  /** With the bytes of a state: its serial. */
  serial: "x-tfstate-serial",
} as const;

/** Version of the routes, the value of the identity header. */
export const apiVersion = "1";

/** Longest body of a state, in bytes (https://developers.cloudflare.com/workers/platform/limits/#request-limits). */
export const maxStateBytes = 100 * 1024 * 1024;
/** Versions that one request lists at most. */
export const maxListedVersions = 1000;
/** Longest reason of a freeze or an override, in characters. */
export const maxReasonLength = 500;
/** How far ahead an override may expire at most. */
export const maxOverrideMs = 60 * 60 * 1000;

/** Lifts rules for one write: `lineage,serial until=2026-01-31T12:00:00.000Z`. Each value works once. */
export const overrideHeader = (rules: readonly StateRule[], until: Date): string =>
  `${rules.join(",")} until=${until.toISOString()}`;

/**
 * Reads an override header.
 * @returns undefined if it names no rule, or a time that is not within the hour after `now`
 */
export function parseOverrideHeader(
  value: string,
  now: Date,
): { readonly rules: readonly StateRule[]; readonly until: Date } | undefined {
  const [, list = "", time = ""] = /^([a-z,]+) until=(\S+)$/.exec(value.trim()) ?? [];
  const rules = stateRules.filter((rule) => list.split(",").includes(rule));
  const until = new Date(Date.parse(time));
  const ahead = until.getTime() - now.getTime();
  return rules.length > 0 && ahead > 0 && ahead <= maxOverrideMs ? { rules, until } : undefined;
}
