import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  type Pair,
  type YAMLMap,
} from "yaml";
import { fail } from "./config-error";
import type { Diagnostic } from "./diagnostic";
import { displayValue } from "./display-value";

/** Limit for the number of values after all aliases are expanded. Only an "alias bomb" exceeds it. */
const MAX_VALUES = 200_000;
const MAX_ALIASES = 5_000;

/** An index of a document that the parser does not have: keys by name, and the targets of aliases. */
export class YamlStructure {
  private readonly pairs = new Map<YAMLMap, ReadonlyMap<string, Pair>>();
  private readonly targets = new Map<Alias, Node>();
  /** Whether a map has the key `<<`. */
  private merges = false;
  /** Keys that are set twice. The document has the last value. */
  readonly duplicates: readonly Diagnostic[];

  /** @throws ConfigError for aliases without an anchor, cyclic aliases, and too many of them. */
  constructor(
    private readonly file: string,
    private readonly document: Document,
    private readonly lines: LineCounter,
  ) {
    this.duplicates = this.index();
    // Most files have neither, and a file of hundreds of nodes has many values to count.
    if (this.targets.size > 0 || this.merges) this.rejectRunawayAliases();
  }

  /** The entry of `map` with that key: its own, or one that is merged in by `<<`. */
  pairOf(map: YAMLMap, key: string): Pair | undefined {
    const entries = this.pairs.get(map);
    const own = entries?.get(key);
    if (own !== undefined || entries === undefined) return own;
    for (const source of this.mergedMaps(entries.get("<<")?.value)) {
      const merged = this.pairOf(source, key);
      if (merged !== undefined) return merged;
    }
    return undefined;
  }

  /** The node itself, or the target of an alias. */
  follow(node: unknown): Node | undefined {
    if (isAlias(node)) return this.targets.get(node);
    return isNode(node) ? node : undefined;
  }

  lineOf(node: Node): number {
    return this.lines.linePos(node.range?.[0] ?? 0).line;
  }

  /** Visits the nodes in the order of the file, because an alias refers to the last anchor of its name before it. */
  private index(): Diagnostic[] {
    const anchors = new Map<string, Node>();
    const twice: Diagnostic[] = [];
    // The parser's own `visit` calls back with the path of each node, and takes four times as long.
    const walk = (node: unknown): void => {
      if (!isNode(node)) return;
      if (isAlias(node)) this.resolve(node, anchors);
      else if (node.anchor !== undefined) anchors.set(node.anchor, node);
      if (isSeq(node)) node.items.forEach(walk);
      if (!isMap(node)) return;
      twice.push(...this.indexKeys(node));
      for (const { key, value } of node.items) {
        walk(key);
        walk(value);
      }
    };
    walk(this.document.contents);
    return twice;
  }

  private resolve(alias: Alias, anchors: ReadonlyMap<string, Node>): void {
    const target = anchors.get(alias.source);
    if (target === undefined) {
      this.refuse(alias, `*${alias.source} has no anchor before it; define &${alias.source} further up`);
    }
    this.targets.set(alias, target);
    if (this.targets.size > MAX_ALIASES) {
      this.refuse(alias, `the file has more than ${MAX_ALIASES} aliases; write the values out`);
    }
  }

  private indexKeys(map: YAMLMap): Diagnostic[] {
    const entries = new Map<string, Pair>();
    const twice: Diagnostic[] = [];
    for (const pair of map.items) {
      const key = keyText(pair.key);
      if (key === "<<") this.merges = true;
      const first = entries.get(key);
      if (first === undefined) entries.set(key, pair);
      else twice.push(this.duplicate(key, first, pair));
    }
    this.pairs.set(map, entries);
    return twice;
  }

  private duplicate(key: string, first: Pair, second: Pair): Diagnostic {
    const line = isNode(first.key) ? ` (also on line ${this.lineOf(first.key)})` : "";
    const at = { file: this.file, line: isNode(second.key) ? this.lineOf(second.key) : undefined };
    return { at, text: `the key ${displayValue(key)} is set twice${line}; keep one` };
  }

  /**
   * Counts the values after all aliases are expanded. Each anchor is counted once, so this is fast. The parser's own
   * `maxAliasCount` ignores merge keys, and refuses many uses of one small anchor.
   */
  private rejectRunawayAliases(): void {
    const sizes = new Map<Node, number>();
    const open = new Set<Node>();
    const sizeOf = (node: unknown): number => {
      if (!isNode(node)) return 0;
      const known = sizes.get(node);
      if (known !== undefined) return known;
      if (open.has(node)) this.refuse(node, "an alias is inside its own anchor; write the value out");
      open.add(node);
      const size = this.partsOf(node).reduce<number>((sum, part) => sum + sizeOf(part), 1);
      open.delete(node);
      if (size > MAX_VALUES) {
        this.refuse(node, `aliases expand to more than ${MAX_VALUES} values; write the values out`);
      }
      sizes.set(node, size);
      return size;
    };
    sizeOf(this.document.contents);
  }

  private partsOf(node: Node): readonly unknown[] {
    if (isAlias(node)) return [this.targets.get(node)];
    if (isSeq(node)) return node.items;
    return isMap(node) ? node.items.flatMap(({ key, value }) => this.partsOfPair(node, key, value)) : [];
  }

  private partsOfPair(map: YAMLMap, key: unknown, value: unknown): readonly unknown[] {
    if (keyText(key) === "<<" && this.mergedMaps(value).length === 0) {
      this.refuse(isNode(key) ? key : map, "<< takes a map, an alias of one, or a list of those; correct it");
    }
    return [key, value];
  }

  private mergedMaps(value: unknown): readonly YAMLMap[] {
    const source = this.follow(value);
    const maps = isSeq(source) ? source.items.map((item) => this.follow(item)) : [source];
    return maps.every((each) => isMap(each)) ? maps : [];
  }

  private refuse(node: Node, text: string): never {
    return fail(text, this.file, this.lineOf(node));
  }
}

/** The key of a merge is a symbol that describes itself as `<<`. */
function keyText(key: unknown): string {
  const value = isScalar(key) ? key.value : undefined;
  return typeof value === "symbol" ? (value.description ?? "") : String(value);
}
