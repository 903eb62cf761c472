import { readdirSync, readFileSync } from "node:fs";

/** Whether a process exists; with a negative ID, whether a process group does. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The processes with this text in their arguments (`cmdline`) or in their environment, which children inherit. */
export function processesWith(text: string, where: "cmdline" | "environ"): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/${where}`, "utf8").includes(text);
      } catch {
        return false; // It has ended in the meantime, or belongs to somebody else.
      }
    })
    .map(Number);
}
