import type { AuditEntry } from "../sqlite/audit-chain";
import type { ListedVersion } from "../state/history";
import type { LockStatus } from "../state/locks";
import type { StateSummary } from "../state/state-object";
import { Change } from "./changes";
import { bytes, called, type Names, When } from "./format";
import { pagePath, Scrollable } from "./layout";

export interface StatePageProps {
  readonly base: string;
  readonly now: number;
  readonly summary: StateSummary;
  readonly versions: readonly ListedVersion[];
  /** There are more of them, below these. */
  readonly hasOlder: boolean;
  /** Null where the caller may not see it. */
  readonly audit: readonly AuditEntry[] | null;
  readonly names: Names;
  readonly mayUnlock: boolean;
  readonly mayRestore: boolean;
}

export function StatePage(props: StatePageProps) {
  const { base, now, summary, versions, hasOlder, audit, names, mayUnlock, mayRestore } = props;
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
      {lock ? (
        <LockDetails {...{ lock, now, names, path, mayUnlock }} />
      ) : (
        <p class="good">Nobody holds the lock.</p>
      )}
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
                  <When at={version.createdAt} now={now} by={called(version.createdBy, names)} />
                  {version.writes > 1 ? <span class="quiet">, {version.writes} writes</span> : null}
                </td>
                <td class="number">{bytes(version.size)}</td>
                <td>
                  <Change version={version} path={path} />
                </td>
                <td>
                  <RestoreLink version={version} path={path} mayRestore={mayRestore} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrollable>
      {hasOlder ? (
        <p>
          <a href={`${path}?before=${versions.at(-1)?.id}`}>Older versions</a>
        </p>
      ) : null}
      {audit ? <Audit entries={audit} names={names} now={now} /> : null}
    </>
  );
}

function Audit({ entries, names, now }: { entries: readonly AuditEntry[]; names: Names; now: number }) {
  return (
    <>
      <h2>Audit</h2>
      <Scrollable label="Audit">
        <table>
          <caption>The newest, each chained to the one before; GET /states/…/audit has all</caption>
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
                <td>{called(who, names)}</td>
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

interface LockDetailsProps extends Pick<StatePageProps, "now" | "names" | "mayUnlock"> {
  readonly lock: LockStatus;
  readonly path: string;
}

function LockDetails({ lock, now, names, path, mayUnlock }: LockDetailsProps) {
  const { info, principal, origin, by, since } = lock;
  return (
    <>
      <dl>
        <dt>Held by</dt>
        <dd>
          {info.Who || "unknown"}{" "}
          {by === "s3" ? "(an S3 client)" : principal ? `(${called(principal, names)})` : ""}
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
      {by === "freeze" || !mayUnlock ? null : (
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
  mayRestore,
}: {
  version: ListedVersion;
  path: string;
  mayRestore: boolean;
}) {
  if (version.current) return <strong>current</strong>;
  if (!mayRestore) return <span class="quiet">needs an admin</span>;
  return (
    <a href={`${path}/restore?id=${version.id}`} aria-label={`Restore serial ${version.serial} …`}>
      Restore …
    </a>
  );
}
