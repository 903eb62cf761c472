/** The versions in a changelog, the newest first: they are its headings of the second level. */
export const versionsIn = (changelog: string): readonly string[] =>
  [...changelog.matchAll(/^## (\d+\.\d+\.\d+)$/gm)].map(([, version = ""]) => version);

/** What the changelog says of a version. @throws where it says nothing */
export function changesOf(changelog: string, version: string): string {
  const [, ...sections] = changelog.split(/^## /m);
  const section = sections.find((each) => each.startsWith(`${version}\n`));
  const text = section?.slice(version.length).trim() ?? "";
  if (text !== "") return text;
  throw new Error(
    `CHANGELOG.md says nothing of ${version}, but of ${versionsIn(changelog).join(", ") || "no version"}; run npm run release -- version, and commit what it writes`,
  );
}

/**
 * The changes with links that lead into a folder at a server, for readers who do not have the repository.
 * @throws where the address is no folder
 */
export function withLinksInto(url: string, changes: string): string {
  if (!/^https:\/\/.+\/$/.test(url))
    throw new Error(`"${url}" is no folder; write it like https://example.com/folder/`);
  return changes.replace(/\]\((?!https?:)([^)]+)\)/g, (_, path: string) => `](${new URL(path, url)})`);
}
