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

Times of whole processes: \`node --require ./fast-ts.cjs main.ts\`, as cdktf starts it. The bare app is one stack with a provider and
a VM from the same generated bindings, and nothing else.

Most of a small synth is loading modules. What each node adds is, in about equal parts, the parser of the YAML, which keeps the line of every
value for messages, the construct with its checks, and the resource that cdktf makes of it, with some 150 values.

${synth}

## Plan

\`tofu plan\` with nothing to change. The VMs were applied to the stand-in Proxmox, once by this program and once by
hand-written HCL, which has one resource with \`for_each\`. This program's plan also reads which VM ids are taken and which content the
storage accepts, and checks each VM; the HCL has no such checks. The HCL encrypts with OpenTofu's default of 600,000 iterations
of PBKDF2; this program takes 210,000, or 200,000 for a generated passphrase. CPU time is that of OpenTofu and the provider. This program has
OpenTofu collect garbage less often (\`GOGC=400\`, up to a heap of 1 GiB), the HCL is run without; "tuned" is the HCL with the same.

What this program's plan does more than the HCL's: every VM is a resource of its own, so that its address is its name, where the HCL
has one for all. OpenTofu validates each, and parses the texts in it again for each graph and each evaluation, since cdktf writes JSON:
without any guard, 100 such resources took 1.15 to 1.2 × the CPU time of the HCL. The rest is for the guards of
[the design](design.md#the-guards-around-a-vm): the lists of guests and hosts that are read, 60 attributes of each VM that are compared
with what people have set by hand, and the first disk and the MAC addresses, for which OpenTofu decodes each VM twice more.

Of the encrypted HCL's time at 100 nodes, about 0.6 × is the plan without encryption and 0.4 × the derivation of keys. So 0.5 × is out
of reach there: the HCL without any encryption would miss it too. At 6 nodes nearly all of the time is the derivation.

${plan}
`;
}
