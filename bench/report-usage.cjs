// Preloaded into a measured program: when the program ends, this writes what it used to file descriptor 3.
const { readFileSync, writeSync } = require("node:fs");

process.on("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const cpuMs = (userCPUTime + systemCPUTime) / 1000;
  writeSync(3, JSON.stringify({ cpuMs, peakMiB: (ownPeakKiB() ?? maxRSS) / 1024 }));
});

/** On Linux, maxRSS includes what the parent process used before it started this one; VmHWM does not. */
function ownPeakKiB() {
  if (process.platform !== "linux") return undefined;
  const [, peak] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return peak === undefined ? undefined : Number(peak);
}
