import type { LockStatus } from "../state/locks";
import type { StateSummary } from "../state/state-object";
import { age, bytes, called, type Names, When } from "./format";
import { pagePath, Scrollable } from "./layout";

/** A lock that is held for longer looks left behind. */
const staleMs = 60 * 60 * 1000;

export interface StateListProps {
  readonly states: readonly StateSummary[];
  /** Name after which the next page begins; null if this is the last. */
  readonly next: string | null;
  readonly names: Names;
  readonly base: string;
  readonly now: number;
}

export function StateList({ states, next, names, base, now }: StateListProps) {
  if (states.length === 0) return <p>No state was stored here yet.</p>;
  return (
    <>
      <StateTable states={states} names={names} base={base} now={now} />
      {next === null ? null : (
        <p>
          <a href={`${base}/?after=${encodeURIComponent(next)}`}>More states, after {next}</a>
        </p>
      )}
    </>
  );
}

function StateTable({ states, names, base, now }: Omit<StateListProps, "next">) {
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
              <td>
                {lock ? <LockShort lock={lock} names={names} now={now} /> : <span class="good">free</span>}
              </td>
              <td class="number">{version?.serial ?? "–"}</td>
              <td class="number">{version ? bytes(version.size) : "–"}</td>
              <td>
                {version ? (
                  <When at={version.createdAt} now={now} by={called(version.createdBy, names)} />
                ) : (
                  "deleted"
                )}
              </td>
              <td class="number">{versions}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scrollable>
  );
}

function LockShort({ lock, names, now }: { lock: LockStatus; names: Names; now: number }) {
  const held = now - Date.parse(lock.since);
  return (
    <span class={held > staleMs ? "warn" : ""}>
      {lock.by === "freeze" ? "frozen by" : "held by"}{" "}
      {lock.info.Who || (lock.principal && called(lock.principal, names)) || "unknown"} for {age(held)}
      {held > staleMs && lock.by !== "freeze" ? " (left behind?)" : ""}
    </span>
  );
}
