import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type App, TerraformStack, Testing } from "cdktf";
import type { Construct } from "constructs";
import { ProxmoxProvider } from "../../constructs/proxmox-provider";

const outdir = mkdtempSync(join(tmpdir(), "synth-"));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

/** What OpenTofu reads, without the `//` metadata that names versions and paths. */
export interface Template {
  readonly terraform: Record<string, Record<string, never>>;
  readonly provider: Record<string, object[]>;
  readonly resource: Record<string, Record<string, Record<string, unknown>>>;
  readonly data: Record<string, Record<string, Record<string, unknown>>>;
  readonly output: Record<string, { readonly value: unknown; readonly sensitive?: boolean }>;
  readonly variable: Record<string, object>;
  readonly locals: Record<string, unknown>;
  readonly import?: readonly { readonly to: string; readonly id: string }[];
  readonly moved?: readonly { readonly from: string; readonly to: string }[];
}

/** Synthesizes a stack as `cdktf synth` would: prepared, validated, warnings and errors honoured. */
export function synthStack(stack: TerraformStack): Template {
  return JSON.parse(Testing.synth(stack, true)) as Template;
}

/** Synthesizes what `build` puts into a stack that has nothing but the provider. */
export function synth(build: (stack: TerraformStack) => void): Template {
  return synthStack(stackOf(build));
}

export function stackOf(build: (stack: TerraformStack) => void): TerraformStack {
  const stack = new TerraformStack(newApp(), "test");
  new ProxmoxProvider(stack, "proxmox");
  build(stack);
  stack.prepareStack();
  return stack;
}

export function newApp(): App {
  return Testing.app({ outdir });
}

/** Messages of `Annotations` on a construct and below it. */
export function warningsOf(scope: Construct): string[] {
  return scope.node
    .findAll()
    .flatMap((each) => each.node.metadata)
    .filter((entry) => entry.type.includes("warn"))
    .map((entry) => String(entry.data));
}
