import type { Pattern } from "./pattern";

/** Cloudflare writes ids as 32 hex digits. */
const ID = /^[0-9a-f]{32}$/;

export const ACCOUNT_ID: Pattern = {
  regex: ID,
  advice: "is not a Cloudflare account id; copy the 32 characters 0-9 and a-f from the dashboard",
};

export const ZONE_ID: Pattern = {
  regex: ID,
  advice: "is not the id of a zone; copy the 32 characters 0-9 and a-f from the zone's overview",
};

/** Name of a Worker or of an account's subdomain: both become a label of a host name on workers.dev. */
export const WORKER_NAME: Pattern = {
  regex: /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
  advice: "is not a name that Cloudflare accepts; use at most 63 of a-z, 0-9 and -",
};

/** Host name of a Worker in a zone. */
export const WORKER_HOST_NAME: Pattern = {
  regex: /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/,
  advice: "is not a host name; write it like tfstate.example.com, in lower case",
};

/** A point in time as Cloudflare's API answers it: the provider compares the texts. */
export const TIMESTAMP: Pattern = {
  regex: /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/,
  advice: "is not a time; write it like 2027-01-31T00:00:00Z",
};

/** Name of an API token. The dashboard takes 120 characters. */
export const TOKEN_NAME: Pattern = {
  regex: /^(?!\s)(?!.*[$%]\{)[^\p{Cc}]{1,120}(?<!\s)$/u,
  advice: "is not the name of a token; use at most 120 characters, without a space at either end, ${ or %{",
};
