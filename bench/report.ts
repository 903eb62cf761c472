import { cpus, totalmem } from "node:os";
import type { Spread } from "./statistics";

export interface Aim {
  readonly text: string;
  /** The ratio that may not be exceeded. */
  readonly limit: number;
  readonly found: Spread;
}

/** Median, smallest and largest. */
export function milliseconds({ median, min, max }: Spread): string {
  const seconds = (value: number) => (value / 1000).toFixed(2);
  return `${seconds(median)} s (${seconds(min)}–${seconds(max)})`;
}

export function times({ median, min, max }: Spread): string {
  return `${median.toFixed(2)} × (${min.toFixed(2)}–${max.toFixed(2)})`;
}

export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(heads), line(heads.map(() => "---")), ...rows.map(line)].join("\n");
}

/** The median of the rounds decides. */
export function judge(aims: readonly Aim[]): string {
  return aims
    .map(
      ({ text, limit, found }) => `- ${text}: ${found.median <= limit ? "met" : "missed"}, ${times(found)}`,
    )
    .join("\n");
}

export interface ReportProps {
  readonly command: string;
  readonly rounds: number;
  /** Name and version of each program that took part. */
  readonly versions: readonly string[];
  readonly synth: string;
  readonly plan: string;
  readonly aims: readonly Aim[];
}

export function report({ command, rounds, versions, synth, plan, aims }: ReportProps): string {
  const [cpu] = cpus();
  const machine = `${cpus().length} × ${cpu?.model.trim() || "CPU of unknown make"}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `# Benchmarks

Made by \`${command}\` on ${machine}, ${process.platform} ${process.arch}; ${versions.join(", ")}.

Each number is the median of ${rounds} rounds, with the smallest and the largest in brackets. In each round the
programs run one after the other, and a ratio is taken within its round: what else the machine has to do
lengthens the times, and the ratios less so. A round before them warms the caches up.

${judge(aims)}

## Synthesis

Whole processes, \`ts-node --swc main.ts\` as cdktf starts it. The bare app has one stack with a provider and a VM
of the same generated bindings, and nothing else.

${synth}

## Plan

\`tofu plan\` with nothing to change, on the example's six VMs as they were applied to the stand-in Proxmox, by this
program and by hand-written HCL for the same VMs. The program's plan also reads which VM ids are taken and
what the storage accepts; the HCL has no such checks. Encryption is pbkdf2 in both, with OpenTofu's default of
600,000 iterations.

${plan}
`;
}
