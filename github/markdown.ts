/** Text that others have written, as a block of code: whatever is in it, it stays in the block. */
export function codeBlock(text: string, language = ""): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text.trimEnd()}\n${fence}`;
}

/** A table. What is in its cells is shown as it is: no link, no mention, no HTML. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(plain).join(" | ")} |`;
  return [line(head), `|${head.map(() => " --- ").join("|")}|`, ...rows.map(line)].join("\n");
}

/** Text that others have written, on one line, without a meaning for Markdown. */
export function plain(text: string): string {
  return (
    text
      .replaceAll(/\s+/g, " ")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(/[\\`*_{}[\]()#+!|~>]/g, "\\$&")
      // A zero-width space behind it: nobody is called, and no address becomes a link.
      .replaceAll(/@|:(?=\/\/)|\bwww(?=\.)/gi, "$&\u200b")
  );
}

/** A part that is shown on a click. */
export const details = (title: string, content: string): string =>
  `<details><summary>${title}</summary>\n\n${content}\n\n</details>`;
