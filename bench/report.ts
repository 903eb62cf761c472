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

/** Whether each aim is met; the median of the rounds decides. */
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
programs run one after the other, and a ratio compares two programs within a round. Other work on the machine
therefore changes the times more than the ratios. A first round warms the caches up and does not count.

${judge(aims)}

## Synthesis

Times of whole processes: \`ts-node --swc main.ts\`, as cdktf starts it. The bare app is one stack with a provider and
a VM from the same generated bindings, and nothing else.

${synth}

## Plan

\`tofu plan\` with nothing to change. The VMs were applied to the stand-in Proxmox, once by this program and once by
hand-written HCL, which has one resource with \`for_each\`. This program's plan also reads which VM ids are taken and which content the
storage accepts, and checks each VM; the HCL has no such checks. The HCL encrypts with OpenTofu's default of 600,000 iterations
of PBKDF2; this program takes 210,000, or 200,000 for a generated passphrase. CPU time is that of OpenTofu and the provider.

${plan}
`;
}
