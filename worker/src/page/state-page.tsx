import type { AuditEntry } from "../sqlite/audit-chain";
import type { ListedVersion } from "../state/history";
import type { LockStatus } from "../state/locks";
import type { StateSummary } from "../state/state-object";
import { bytes, When } from "./format";
import { pagePath, Scrollable } from "./layout";

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
          version that is right.
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
