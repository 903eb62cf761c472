/** A table in Markdown. @param align how the columns after the first are aligned */
export function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  align: "left" | "right" = "left",
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = heads.map((_, column) => (align === "right" && column > 0 ? "--:" : "---"));
  return [line(heads), line(rule), ...rows.map(line)].join("\n");
}
