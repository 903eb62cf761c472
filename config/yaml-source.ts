import {
  type Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
} from "yaml";
import { ConfigError, fail } from "./config-error";
import type { Diagnostic, Location } from "./diagnostic";
import { isMapping, type Path } from "./path";
import { YamlStructure } from "./yaml-structure";
import { decodeText } from "./yaml-text";

/** One YAML file: its data, and the line of each value. */
export class YamlSource {
  private constructor(
    readonly file: string,
    readonly data: Readonly<Record<string, unknown>>,
    private readonly root: Node,
    private readonly structure: YamlStructure,
  ) {}

  /** Keys that are set twice. */
  get diagnostics(): readonly Diagnostic[] {
    return this.structure.duplicates;
  }

  /** @throws ConfigError if the bytes are not one YAML document in UTF-8 with a map in it. */
  static parse(file: string, bytes: Uint8Array): YamlSource {
    const lines = new LineCounter();
    const document = parseDocument(file, decodeText(file, bytes), lines);
    const root = document?.contents;
    if (document === undefined || !isNode(root) || (isScalar(root) && root.value === null)) {
      return fail("the file is empty; describe the cluster in it", file);
    }
    const structure = new YamlStructure(file, document, lines);
    // YamlStructure has checked the number of aliases already.
    const data: unknown = document.toJS({ maxAliasCount: -1 });
    if (!isMapping(data)) {
      return fail(
        "the file is not a map; start it with a key such as node_cidr:",
        file,
        structure.lineOf(root),
      );
    }
    return new YamlSource(file, data, root, structure);
  }

  /** The location of the value at `path`; if it is missing, of its closest parent. */
  locate(path: Path): Location {
    let node: Node | undefined = this.root;
    let mark: Node = this.root;
    for (const step of path) {
      const parent = this.structure.follow(node);
      if (isSeq(parent) && typeof step === "number") {
        const item: unknown = parent.items[step];
        if (!isNode(item)) break;
        node = item;
        mark = item;
      } else if (isMap(parent)) {
        const pair = this.structure.pairOf(parent, String(step));
        if (!isNode(pair?.key)) break;
        node = isNode(pair.value) ? pair.value : undefined;
        mark = pair.key;
      } else break;
    }
    return { file: this.file, line: this.structure.lineOf(mark) };
  }
}

/** @returns undefined for a file that has only comments. */
function parseDocument(file: string, text: string, lines: LineCounter): Document | undefined {
  // YamlStructure finds duplicate keys. The parser would compare every key with every other, which is slow.
  const options = {
    lineCounter: lines,
    prettyErrors: false,
    merge: true,
    stringKeys: true,
    uniqueKeys: false,
  };
  const documents = [...parseAllDocuments(text, options)];
  const faults = documents.flatMap(({ errors }) => errors);
  if (faults.length > 0) {
    const byLine = new Map(
      faults.map((fault) => [lines.linePos(fault.pos[0]).line, fault] as const).reverse(),
    );
    throw new ConfigError(
      [...byLine].map(([line, { code, message }]) => ({
        at: { file, line },
        text: syntaxText(code, message),
      })),
    );
  }
  const [first, second] = documents.filter(
    ({ contents }) => !(isScalar(contents) && contents.value === null),
  );
  if (second !== undefined) {
    const line = lines.linePos(second.range[0]).line;
    fail("a second YAML document is here; keep one document in the file", file, line);
  }
  return first;
}

function syntaxText(code: string, message: string): string {
  if (code === "TAB_AS_INDENT") return "the line is indented with a tab; use spaces";
  if (code === "RESOURCE_EXHAUSTION") return "lists and maps are nested too deeply; nest them less";
  const cause = `${message.charAt(0).toLowerCase()}${message.slice(1)}`.replace(/\s+/g, " ");
  return `not valid YAML: ${cause}; correct this line or the one before it`;
}
