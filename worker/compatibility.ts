/** Date whose runtime behaviour the Worker is written for; whatever runs or deploys it sets the same. */
export const compatibilityDate = "2026-04-01";
export const compatibilityFlags: readonly string[] = ["nodejs_compat"];
