import type { Child } from "hono/jsx";
import type { AuditEntry } from "../sqlite/audit-chain";
import type { ListedVersion } from "../state/history";
import type { LockStatus } from "../state/locks";
import type { StateSummary } from "../state/state-object";

/** A lock that is held for longer looks left behind. */
const staleMs = 60 * 60 * 1000;

/** The frame of every page. */
export function Page({ title, base, children }: { title: string; base: string; children: Child }) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{title} · tfstate</title>
        <link rel="stylesheet" href={`${base}/page/style.css`} />
      </head>
      <body>
        <a class="skip" href="#content">
          Skip to the content
        </a>
        <nav aria-label="Pages">
          <a href={`${base}/`}>All states</a>
        </nav>
        <main id="content">
          <h1>{title}</h1>
          {children}
        </main>
      </body>
    </html>
  );
}

export interface StateListProps {
  readonly states: readonly StateSummary[];
  /** Name after which the next page begins; null where this is the last. */
  readonly next: string | null;
  readonly base: string;
  readonly now: number;
}

export function StateList({ states, next, base, now }: StateListProps) {
  if (states.length === 0) return <p>No state was stored here yet.</p>;
  return (
    <>
      <StateTable states={states} base={base} now={now} />
      {next === null ? null : (
        <p>
          <a href={`${base}/?after=${encodeURIComponent(next)}`}>More states, after {next}</a>
        </p>
      )}
    </>
  );
}

function StateTable({ states, base, now }: Omit<StateListProps, "next">) {
  return (
    <Scrollable label="States">
      <table>
        <caption>{states.length} states, by name</caption>
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">Lock</th>
            <th scope="col">Serial</th>
            <th scope="col">Size</th>
            <th scope="col">Last write</th>
            <th scope="col">Versions</th>
          </tr>
        </thead>
        <tbody>
          {states.map(({ ref, lock, version, versions, conflict }) => (
            <tr>
              <th scope="row">
                <a href={pagePath(base, ref.name)}>{ref.name}</a>
                {version?.encrypted ? <span class="quiet"> encrypted</span> : null}
                {conflict ? <span class="warn"> needs a decision</span> : null}
              </th>
              <td>{lock ? <LockShort lock={lock} now={now} /> : <span class="good">free</span>}</td>
              <td class="number">{version?.serial ?? "–"}</td>
              <td class="number">{version ? bytes(version.size) : "–"}</td>
              <td>
                {version ? <When at={version.createdAt} now={now} by={version.createdBy} /> : "deleted"}
              </td>
              <td class="number">{versions}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scrollable>
  );
}

export interface StatePageProps {
  readonly base: string;
  readonly now: number;
  readonly summary: StateSummary;
  readonly versions: readonly ListedVersion[];
  readonly audit: readonly AuditEntry[];
  readonly mayAdminister: boolean;
}

export function StatePage({ base, now, summary, versions, audit, mayAdminister }: StatePageProps) {
  const { ref, lock, conflict } = summary;
  const path = pagePath(base, ref.name);
  return (
    <>
      {conflict ? (
        <p class="notice" role="status">
          An S3 client wrote this state, and its write does not follow the current version. Restore the
          version that shall count.
        </p>
      ) : null}
      <h2>Lock</h2>
      {lock ? <LockDetails lock={lock} now={now} path={path} /> : <p class="good">Nobody holds the lock.</p>}
      <h2>History</h2>
      <Scrollable label="Versions">
        <table>
          <caption>Newest first; the writes of one apply are one row</caption>
          <thead>
            <tr>
              <th scope="col">Serial</th>
              <th scope="col">Written</th>
              <th scope="col">Size</th>
              <th scope="col">Change</th>
              <th scope="col">Restore</th>
            </tr>
          </thead>
          <tbody>
            {versions.map((version) => (
              <tr>
                <th scope="row">{version.serial ?? "–"}</th>
                <td>
                  <When at={version.createdAt} now={now} by={version.createdBy} />
                  {version.writes > 1 ? <span class="quiet">, {version.writes} writes</span> : null}
                </td>
                <td class="number">{bytes(version.size)}</td>
                <td>
                  <Change version={version} />
                </td>
                <td>
                  <RestoreLink version={version} path={path} mayAdminister={mayAdminister} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrollable>
      {mayAdminister ? <Audit entries={audit} now={now} /> : null}
    </>
  );
}

/** Asks once more before something is changed. */
export function Confirm({ action, verb, children }: { action: string; verb: string; children: Child }) {
  return (
    <form method="post" action={action}>
      {children}
      <p>
        <button class="danger" type="submit">
          {verb}
        </button>
      </p>
    </form>
  );
}

export const pagePath = (base: string, name: string): string =>
  `${base}/page/states/${encodeURIComponent(name)}`;

export function bytes(size: number): string {
  if (size < 1000) return `${size} B`;
  return size < 1e6 ? `${(size / 1e3).toFixed(1)} kB` : `${(size / 1e6).toFixed(1)} MB`;
}

/** "3 min", "2 h", "5 days": the two largest units would be more than anyone needs here. */
export function age(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 1) return "less than a minute";
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2880 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} days`;
}

function Audit({ entries, now }: { entries: readonly AuditEntry[]; now: number }) {
  return (
    <>
      <h2>Audit</h2>
      <Scrollable label="Audit">
        <table>
          <caption>Newest first; each entry is chained to the one before</caption>
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Who</th>
              <th scope="col">What</th>
              <th scope="col">Detail</th>
            </tr>
          </thead>
          <tbody>
            {entries.map(({ at, who, action, detail }) => (
              <tr>
                <td>
                  <When at={at} now={now} />
                </td>
                <td>{who}</td>
                <td>{action.replaceAll("_", " ")}</td>
                <td>
                  <code>{detail}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrollable>
    </>
  );
}

function LockShort({ lock, now }: { lock: LockStatus; now: number }) {
  const held = now - Date.parse(lock.since);
  return (
    <span class={held > staleMs ? "warn" : ""}>
      {lock.by === "freeze" ? "frozen by" : "held by"} {lock.info.Who || lock.principal || "unknown"} for{" "}
      {age(held)}
      {held > staleMs && lock.by !== "freeze" ? " (left behind?)" : ""}
    </span>
  );
}

function LockDetails({ lock, now, path }: { lock: LockStatus; now: number; path: string }) {
  const { info, principal, origin, by, since } = lock;
  return (
    <>
      <dl>
        <dt>Held by</dt>
        <dd>
          {info.Who || "unknown"} {by === "s3" ? "(an S3 client)" : principal ? `(${principal})` : ""}
        </dd>
        <dt>Since</dt>
        <dd>
          <When at={since} now={now} />
        </dd>
        <dt>From</dt>
        <dd>{origin ?? "unknown"}</dd>
        <dt>{by === "freeze" ? "Reason" : "Operation"}</dt>
        <dd>{(by === "freeze" ? info.Info : info.Operation) || "unknown"}</dd>
        <dt>ID</dt>
        <dd>
          <code>{info.ID}</code>
        </dd>
      </dl>
      {by === "freeze" ? null : (
        <p>
          <a class="button" href={`${path}/unlock?ID=${encodeURIComponent(info.ID)}`}>
            Break this lock …
          </a>
        </p>
      )}
    </>
  );
}

function RestoreLink({
  version,
  path,
  mayAdminister,
}: {
  version: ListedVersion;
  path: string;
  mayAdminister: boolean;
}) {
  if (version.current) return <strong>current</strong>;
  if (!mayAdminister) return <span class="quiet">needs an admin</span>;
  return (
    <a href={`${path}/restore?id=${version.id}`} aria-label={`Restore serial ${version.serial} …`}>
      Restore …
    </a>
  );
}

function Change({ version: { diff, encrypted } }: { version: ListedVersion }) {
  if (diff === null) return <span class="quiet">{encrypted ? "encrypted" : "not compared"}</span>;
  const { added, removed } = diff;
  if (added.length + removed.length === 0) return <span class="quiet">same resources</span>;
  return (
    <details>
      <summary>
        {added.length} added, {removed.length} removed
      </summary>
      <ul>
        {added.map((name) => (
          <li>
            + <code>{name}</code>
          </li>
        ))}
        {removed.map((name) => (
          <li>
            − <code>{name}</code>
          </li>
        ))}
      </ul>
    </details>
  );
}

function When({ at, now, by }: { at: string; now: number; by?: string }) {
  return (
    <>
      <time datetime={at} title={at}>
        {age(now - Date.parse(at))} ago
      </time>
      {by ? <span class="quiet"> by {by}</span> : null}
    </>
  );
}

/** A wide table scrolls in itself; the keyboard has to reach it for that. */
function Scrollable({ label, children }: { label: string; children: Child }) {
  return (
    <section class="scroll" aria-label={label} tabindex={0}>
      {children}
    </section>
  );
}
