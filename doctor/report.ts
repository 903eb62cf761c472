import { styleText } from "node:util";
import type { Status } from "./line";
import type { Finding } from "./run";

/** The exit codes of `doctor`, as those of `drift`: 1 is a failure that must be fixed, and 2 a warning. */
export const EXIT = { fine: 0, failed: 1, warned: 2 } as const;

/** The report for a program. */
export interface DoctorReport {
  readonly passed: number;
  readonly warned: number;
  readonly failed: number;
  readonly lines: readonly {
    readonly check: string;
    readonly status: Status;
    readonly text: string;
    readonly fix?: string;
  }[];
}

export function reportOf(findings: readonly Finding[]): DoctorReport {
  const lines = findings.flatMap(({ check, lines }) => lines.map((line) => ({ check, ...line })));
  const count = (status: Status) => lines.filter((line) => line.status === status).length;
  return { passed: count("pass"), warned: count("warn"), failed: count("fail"), lines };
}

export function exitCodeOf({ failed, warned }: DoctorReport): number {
  if (failed > 0) return EXIT.failed;
  return warned > 0 ? EXIT.warned : EXIT.fine;
}

const COLOURS = { pass: "green", warn: "yellow", fail: "red" } as const;

/** The report for people. */
export function textOf({ lines, passed, warned, failed }: DoctorReport, hasColours: boolean): string {
  const width = Math.max(0, ...lines.map(({ check }) => check.length));
  const rows = lines.map(({ check, status, text, fix }) => {
    const word = hasColours ? styleText(COLOURS[status], status, { validateStream: false }) : status;
    const indent = " ".repeat("pass  ".length + width + 2);
    return [`${word}  ${check.padEnd(width)}  ${text}`, ...(fix ? [`${indent}→ ${fix}`] : [])].join("\n");
  });
  return [...rows, `${passed} passed, ${warned} warned, ${failed} failed`].join("\n");
}
