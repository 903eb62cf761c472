export function bytes(size: number): string {
  if (size < 1000) return `${size} B`;
  return size < 1e6 ? `${(size / 1e3).toFixed(1)} kB` : `${(size / 1e6).toFixed(1)} MB`;
}

/** "3 min", "2 h", "5 days": in one unit. */
export function age(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 1) return "less than a minute";
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2880 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} days`;
}

/** What tokens are called, by their principals. */
export type Names = Readonly<Record<string, string>>;

/** A principal; one that is a token is called by its name too. */
export const called = (principal: string, names: Names): string =>
  names[principal] === undefined ? principal : `${principal} (${names[principal]})`;

export function When({ at, now, by }: { at: string; now: number; by?: string }) {
  return (
    <>
      <time datetime={at} title={at}>
        {age(now - Date.parse(at))} ago
      </time>
      {by ? <span class="quiet"> by {by}</span> : null}
    </>
  );
}
