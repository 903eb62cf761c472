import type { Difference } from "../state/differences";
import type { ListedVersion, VersionChanges } from "../state/history";
import { Scrollable } from "./layout";

/** More names than these are shown on a page of their own. */
const maxNames = 20;

/** What a version changed, as far as it fits into a row of the history. */
export function Change({ version, path }: { version: ListedVersion; path: string }) {
  const { id, diff, encrypted, resources } = version;
  if (encrypted) return <span class="quiet">encrypted</span>;
  const whole = (
    <a href={`${path}/changes?id=${id}`} aria-label={`What serial ${version.serial} changed`}>
      What changed
    </a>
  );
  if (diff === null) {
    return (
      <>
        {resources === null ? null : <span class="quiet">{resources} resources, </span>}
        {whole}
      </>
    );
  }
  const names = diff.added.length + diff.removed.length;
  if (names === 0) return <span class="quiet">same resources</span>;
  if (names > maxNames) {
    return (
      <>
        {counted(diff)}, {whole}
      </>
    );
  }
  return (
    <details>
      <summary>{counted(diff)}</summary>
      <ul>
        {lines(diff).map((line) => (
          <li>
            <code>{line}</code>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** The whole difference between a version and the one below it. */
export function Changes({ changes: { diff }, path }: { changes: VersionChanges; path: string }) {
  return (
    <>
      <p>
        <a href={path}>Back to the state</a>
      </p>
      {diff === null ? (
        <p>
          This version, or the one below it, is encrypted or has too many resources to keep a list of them.
        </p>
      ) : (
        <>
          <p>{counted(diff)}</p>
          <Scrollable label="Changes">
            <pre>{lines(diff).join("\n")}</pre>
          </Scrollable>
        </>
      )}
    </>
  );
}

const counted = ({ added, removed }: Difference): string =>
  `${added.length} added, ${removed.length} removed`;

const lines = ({ added, removed }: Difference): string[] => [
  ...added.map((name) => `+ ${name}`),
  ...removed.map((name) => `− ${name}`),
];
