/** For commands whose output a machine would read. */
export const JSON_OPTION = ["--json", "print one JSON document"] as const;
