import type { Pattern } from "./pattern";

/**
 * A host name that Kubernetes, Proxmox and DNS accept.
 * @see RFC 1123, section 2.1
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names
 */
export const HOST_LABEL: Pattern = {
  regex: /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
  advice: "is not an RFC 1123 name; use at most 63 of a-z, 0-9 and -, with a letter or digit at both ends",
};

/** Every object of JavaScript has a `constructor`, so the construct of a node cannot be called that. */
export const UNRESERVED_NAME: Pattern = {
  regex: /^(?!constructor$)/,
  advice: "is a word that the program itself uses; choose another name",
};

/** Labels separated by dots, at most 253 characters. RFC 1123 allows upper and lower case. */
export const HOST_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;
