import type { Pattern } from "./pattern";

/**
 * What Kubernetes, Proxmox and DNS all take as the name of a host.
 * @see RFC 1123, section 2.1
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names
 */
export const HOST_LABEL: Pattern = {
  regex: /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
  advice: "is not an RFC 1123 name; use at most 63 of a-z, 0-9 and -, with a letter or digit at both ends",
};

/** Name of a node: a host label, but for the one that each object of JavaScript has, which constructs refuses as an id. */
export const NODE_NAME: Pattern = {
  regex: new RegExp(HOST_LABEL.regex.source.replace("^", "^(?!constructor$)")),
  advice: `${HOST_LABEL.advice}, but not constructor`,
};

/** Labels with dots between them, at most 253 characters: RFC 1123 takes both cases. */
export const HOST_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;
