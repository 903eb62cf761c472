// Preloaded into a measured program: at its end it writes what it used to descriptor 3.
const { readFileSync, writeSync } = require("node:fs");

process.on("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const cpuMs = (userCPUTime + systemCPUTime) / 1000;
  writeSync(3, JSON.stringify({ cpuMs, peakMiB: (ownPeakKiB() ?? maxRSS) / 1024 }));
});

/** Linux counts in maxRSS what the process that started this one took up; VmHWM starts anew with the program. */
function ownPeakKiB() {
  if (process.platform !== "linux") return undefined;
  const [, peak] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return peak === undefined ? undefined : Number(peak);
}
