import { InvalidArgumentError } from "commander";
import type { TalosNodeOptions } from ".";

/**
 * Reads `3`, or names with or without the address that clients use for the node: `cp-1,cp-2=10.20.1.12`.
 * @throws InvalidArgumentError
 */
export function toNodes(text: string): readonly TalosNodeOptions[] {
  if (/^\d+$/.test(text)) {
    const count = Number(text);
    if (count < 1 || count > 250) throw new InvalidArgumentError(`"${text}" is not from 1 to 250.`);
    return Array.from({ length: count }, (_, index) => ({ name: `node-${index + 1}` }));
  }
  const nodes = text.split(",").map((item) => {
    const [name = "", address] = item.split("=");
    return { name, ...(address && { address }) };
  });
  if (nodes.some(({ name }) => name === "") || new Set(nodes.map(({ name }) => name)).size < nodes.length) {
    throw new InvalidArgumentError(`"${text}" has a node without a name, or the same name twice.`);
  }
  return nodes;
}
