import type { Machines } from "../../machines";
import type { Node } from "../../node/node";

/** A resource in the two forms of its content: for programs, and to be shown. */
export interface Content {
  readonly id: string;
  readonly spec: Buffer;
  readonly yaml: object | string;
}

/** A resource type that this stand-in serves. */
export interface ResourceType {
  readonly namespace: string;
  /** `Disk` */
  readonly displayType: string;
  /** Names beside those that every type has: the parts of its full name, and its display type. @default - none */
  readonly aliases?: readonly string[];
  /** The columns of a list: their names, with where the values are. */
  readonly columns: Readonly<Record<string, string>>;
  /** For `os:admin` only. */
  readonly sensitive?: boolean;
  readonly list: (node: Node, machines: Machines) => readonly Content[];
}
