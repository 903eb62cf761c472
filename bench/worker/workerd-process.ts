import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** Clock ticks of /proc in a second (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html). */
const TICKS_PER_SECOND = 100;

/** IDs of the workerd processes that this process started. Linux only. */
export function workerdProcesses(): readonly number[] {
  const found = new Map<number, { readonly name: string; readonly parent: number }>();
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    const stat = Number.isInteger(pid) ? readStat(pid) : undefined;
    if (stat) found.set(pid, { name: stat.name, parent: Number(stat.fields[1]) });
  }
  const isOurs = (pid: number | undefined): boolean =>
    pid !== undefined && (pid === process.pid || isOurs(found.get(pid)?.parent));
  return [...found].flatMap(([pid, { name }]) => (name === "workerd" && isOurs(pid) ? [pid] : []));
}

/** Milliseconds of CPU time that a process has used. */
export function cpuTime(pid: number): number {
  const fields = readStat(pid)?.fields ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

/** Megabytes of memory that a process has now. */
export const residentMemory = (pid: number): number => readMegabytes(pid, "VmRSS");

/** The most megabytes that a process had while `work` ran. */
export async function peakMemory(pid: number, work: () => Promise<void>): Promise<number> {
  // Linux sets the peak back at this (https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html).
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
  await work();
  return readMegabytes(pid, "VmHWM");
}

function readMegabytes(pid: number, name: string): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1024);
}

/** The name of a process, and the fields after it, of which the first is its state. Undefined once it has ended. */
function readStat(pid: number) {
  try {
    const [, name = "", rest = ""] = /\((.*)\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
    return { name, fields: rest.split(" ") };
  } catch {
    return undefined;
  }
}
