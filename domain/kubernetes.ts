import type { Pattern } from "./pattern";

const NAME = "[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?";
const DOMAIN = "[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*";
const KEY = `((?=[^/]{1,253}/)${DOMAIN}/)?${NAME}`;

/** The key of a label or taint, with the domain of whoever defines it or without. */
export const LABEL_KEY: Pattern = {
  regex: new RegExp(`^${KEY}$`),
  advice: "is not the key of a label; write it like zone or example.com/zone",
};

export const LABEL_VALUE: Pattern = {
  regex: new RegExp(`^(${NAME})?$`),
  advice: "is not the value of a label; use at most 63 of A-Z, a-z, 0-9, -, _ and .",
};

export const TAINT_EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"] as const;

/** A taint as kubectl writes it. */
export const TAINT: Pattern = {
  regex: new RegExp(`^${KEY}(=(${NAME})?)?:(${TAINT_EFFECTS.join("|")})$`),
  advice: `is not a taint; write it like dedicated=gpu:NoSchedule, with one of ${TAINT_EFFECTS.join(", ")}`,
};

/** The key of a taint, and the rest as Talos wants it: `value:effect`, or the effect alone. */
export function parseTaint(taint: string): { readonly key: string; readonly value: string } {
  const at = taint.lastIndexOf(":");
  const [key = "", value = ""] = taint.slice(0, at).split("=");
  return { key, value: `${value && `${value}:`}${taint.slice(at + 1)}` };
}

/** Kubernetes lets no kubelet give its own node a role. */
export function isRoleLabel(key: string): boolean {
  return key.startsWith("node-role.kubernetes.io/");
}
