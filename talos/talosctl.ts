import type { z } from "zod";
import { runGroup } from "../process/process-group";
import { CallError } from "./errors";
import type { TalosNode } from "./node";

export interface TalosctlProps {
  /** Absolute path of talosctl. */
  readonly file: string;
  /** Path of the talosconfig. Which nodes and endpoints it names is of no account. */
  readonly talosconfig: string;
  readonly env: NodeJS.ProcessEnv;
  /** Stops what runs. */
  readonly signal: AbortSignal;
  /** How long a call may take that does not say it itself. @default 60_000 */
  readonly timeoutMs?: number;
}

export interface CallOptions {
  /** After this long, talosctl is stopped. @default - that of {@link TalosctlProps} */
  readonly timeoutMs?: number;
  /** Each line that talosctl writes, as it comes. */
  readonly onLine?: (line: string) => void;
  /** Without credentials, for a node in maintenance mode. @default false */
  readonly insecure?: boolean;
}

/** A resource of a node. */
export interface Resource<Spec> {
  readonly id: string;
  readonly version: string;
  readonly spec: Spec;
}

const TIMEOUT_MS = 60_000;
/** How long talosctl has to end by itself. */
const GRACE_MS = 2_000;

/** The part of an error that says what it is. */
const RPC_ERROR = /rpc error: code = (\w+) desc = ([\s\S]*)/;

/**
 * The real talosctl, which asks one node at a time: of several nodes, it exits with 0 as soon as one has answered. It talks to
 * the node itself, and not through another one.
 */
export class Talosctl {
  constructor(private readonly props: TalosctlProps) {}

  /**
   * Runs a command on a node.
   * @param args nothing secret: everybody on the machine sees them
   * @returns the standard output
   * @throws CallError if it fails, also where talosctl exits with 0 and says so on stderr
   */
  async run(node: TalosNode, args: readonly string[], options: CallOptions = {}): Promise<string> {
    const { file, talosconfig, env } = this.props;
    const timeoutMs = options.timeoutMs ?? this.props.timeoutMs ?? TIMEOUT_MS;
    const timeout = AbortSignal.timeout(timeoutMs);
    const what = `talosctl ${args.join(" ")}`;
    const where = `${node.name} (${node.apiEndpoint})`;
    const target = options.insecure
      ? ["--insecure", "--nodes", node.apiEndpoint]
      : ["--talosconfig", talosconfig, "--endpoints", node.apiEndpoint, "--nodes", node.address];
    try {
      const { exitCode, stdout, stderr } = await runGroup(file, [...args, ...target], {
        env: { ...env, TALOSCONFIG: talosconfig, NO_COLOR: "1" },
        signal: AbortSignal.any([this.props.signal, timeout]),
        graceMs: GRACE_MS,
        onLine: options.onLine,
      });
      if (exitCode === 0 && !RPC_ERROR.test(stderr)) return stdout;
      throw callError(where, what, stderr);
    } catch (error) {
      if (error !== timeout.reason || this.props.signal.aborted) throw error;
      throw new CallError(where, what, `no answer within ${timeoutMs / 1000} s`);
    }
  }

  /**
   * Reads resources of one type.
   * @param id @default - all of the type
   * @throws CallError also where the answer is not what `spec` describes
   */
  async resources<Spec>(
    node: TalosNode,
    { type, id }: { readonly type: string; readonly id?: string },
    spec: z.ZodType<Spec>,
    options?: CallOptions,
  ): Promise<readonly Resource<Spec>[]> {
    const args = ["get", type, ...(id === undefined ? [] : [id]), "--output", "json"];
    const documents = jsonDocuments(await this.run(node, args, options));
    return documents.map((document) => {
      const { metadata, spec: found } = document as {
        readonly metadata: { readonly id: string; readonly version: string };
        readonly spec: unknown;
      };
      const parsed = spec.safeParse(found);
      if (parsed.success) return { id: metadata.id, version: String(metadata.version), spec: parsed.data };
      const [issue] = parsed.error.issues;
      throw new CallError(
        node.name,
        `talosctl get ${type}`,
        `${issue?.path.join(".")}: ${issue?.message}; is its release of Talos supported?`,
      );
    });
  }

  /** Runs a command that answers with a table. @returns its rows, by the heads of the columns */
  async table(
    node: TalosNode,
    args: readonly string[],
    options?: CallOptions,
  ): Promise<readonly Readonly<Record<string, string>>[]> {
    return tableRows(await this.run(node, args, options));
  }
}

/** Keeps what the node has said, without the layers that talosctl puts around it. */
function callError(where: string, what: string, stderr: string): CallError {
  const text = stderr.replace(/^WARNING: .*\n?/gm, "").trim();
  const [, code, said] = RPC_ERROR.exec(text) ?? [];
  const words = said ?? text.replace(/^error[^:]*: /, "");
  return new CallError(
    where,
    what,
    words.replaceAll(/\s+/g, " ").trim() || "it failed and said nothing",
    code,
  );
}

/** talosctl writes one JSON document after the other, each with its braces at the beginning of a line. */
function jsonDocuments(text: string): readonly unknown[] {
  return JSON.parse(`[${text.trim().replaceAll(/^\}\n(?=\{)/gm, "},\n")}]`);
}

/** The rows of a table whose columns begin where their heads do. A cell may be empty. */
export function tableRows(text: string): readonly Readonly<Record<string, string>>[] {
  const [head = "", ...lines] = text.split("\n").filter((line) => line.trim() !== "");
  const columns = [...head.matchAll(/\S+(?: \S+)*/g)].map(({ 0: name, index }) => ({ name, from: index }));
  return lines.map((line) =>
    Object.fromEntries(
      columns.map(({ name, from }, index) => [name, line.slice(from, columns[index + 1]?.from).trim()]),
    ),
  );
}
