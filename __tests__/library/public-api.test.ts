import { dirname, join, relative } from "node:path";
import ts from "typescript";

const ROOT = join(__dirname, "../..");
const ENTRIES = ["index.ts", "cloudflare.ts"].map((name) => join(ROOT, name));

const { checker, declarations } = load();

/** What the package exports and we have written: bindings and what is cdktf's own are not ours to document. */
function load() {
  const { config } = ts.readConfigFile(join(ROOT, "tsconfig.build.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const program = ts.createProgram(ENTRIES, options);
  const checker = program.getTypeChecker();
  const exported = ENTRIES.flatMap((entry) => {
    const file = program.getSourceFile(entry);
    const module = file && checker.getSymbolAtLocation(file);
    if (!module) throw new Error(`${entry} exports nothing`);
    return checker.getExportsOfModule(module);
  });
  const symbols = exported.map((each) =>
    each.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(each) : each,
  );
  const declarations = symbols.flatMap((symbol) => symbol.declarations ?? []).filter(isOurs);
  return { checker, declarations };
}

function isOurs(node: ts.Node): boolean {
  const folder = relative(ROOT, dirname(node.getSourceFile().fileName)).split("/")[0];
  return folder !== "node_modules" && folder !== ".gen";
}

type Member = ts.PropertySignature | ts.PropertyDeclaration | ts.MethodDeclaration;

/** Each property and method that the exports show, those of types within types too. */
function members(): Member[] {
  const found: Member[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isBlock(node)) return;
    const isMember =
      ts.isPropertySignature(node) || ts.isPropertyDeclaration(node) || ts.isMethodDeclaration(node);
    if (isMember && !isPublic(node)) return;
    if (isMember) found.push(node);
    ts.forEachChild(node, visit);
  };
  for (const declaration of declarations) if (!ts.isVariableDeclaration(declaration)) visit(declaration);
  return found;
}

function isPublic(node: Member): boolean {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected | ts.ModifierFlags.Override;
  return (ts.getCombinedModifierFlags(node) & hidden) === 0;
}

function isReadonly(node: Member): boolean {
  return (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Readonly) !== 0;
}

/** Of a declaration, or of what it implements. */
function docs(node: ts.NamedDeclaration): string {
  const symbol = node.name && checker.getSymbolAtLocation(node.name);
  return ts.displayPartsToString(symbol?.getDocumentationComment(checker));
}

function defaultOf(node: ts.Node): string | undefined {
  const [tag] = ts.getJSDocTags(node).filter(({ tagName }) => tagName.text === "default");
  return tag && (ts.getTextOfJSDocComment(tag.comment) ?? "");
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** `constructs/talos-vm-props.ts:12 cores`. */
function place(node: ts.NamedDeclaration): string {
  const file = node.getSourceFile();
  const { line } = file.getLineAndCharacterOfPosition(node.getStart());
  return `${relative(ROOT, file.fileName)}:${line + 1} ${node.name?.getText() ?? ""}`;
}

/** A `ClusterConfig` is what the loader gives, with every default filled in: nobody writes one. */
const isWritten = (node: ts.Node) =>
  !/config\/(cluster|firewall|talos)-config\.ts$/.test(node.getSourceFile().fileName);

/** Optional properties that somebody writes; not those of `IStateBucket`, which a construct has. */
const optionalProps = members().filter(
  (node) =>
    ts.isPropertySignature(node) &&
    node.questionToken !== undefined &&
    isWritten(node) &&
    !(ts.isInterfaceDeclaration(node.parent) && /^I[A-Z]/.test(node.parent.name.text)),
);

test("there is something to look at", () => {
  const names = declarations.map(({ name }: ts.NamedDeclaration) => name?.getText());
  expect(names).toEqual(
    expect.arrayContaining(["ClusterStack", "TalosVmProps", "StateBucket", "loadCluster"]),
  );
  expect(optionalProps.map(place)).toContainEqual(
    expect.stringMatching(/^constructs\/talos-vm-props\.ts:\d+ cores$/),
  );
});

test("every export has a docstring", () => {
  expect(declarations.filter((node) => docs(node) === "").map(place)).toEqual([]);
});

test("every property and method of an export has one too", () => {
  const undocumented = members().filter((node) => docs(node) === "" && isWritten(node));
  expect(undocumented.map(place)).toEqual([]);
});

test("every optional prop says what happens without it", () => {
  expect(optionalProps.filter((node) => !defaultOf(node)).map(place)).toEqual([]);
});

test("a default is a literal, or prose behind a dash", () => {
  const odd = optionalProps.filter((node) => {
    const text = defaultOf(node) ?? "- ";
    return !text.startsWith("- ") && !isJson(text);
  });
  expect(odd.map((node) => `${place(node)}: ${defaultOf(node)}`)).toEqual([]);
});

test("every property is readonly", () => {
  const writable = members().filter((node) => !ts.isMethodDeclaration(node) && !isReadonly(node));
  expect(writable.map(place)).toEqual([]);
});

test("nothing is any", () => {
  const isAny = (node: Member): boolean => {
    const type = checker.getTypeAtLocation(node);
    const written = node.type?.getText() ?? "";
    const types = [type, ...type.getCallSignatures().map((each) => each.getReturnType())];
    return /\bany\b/.test(written) || types.some(({ flags }) => (flags & ts.TypeFlags.Any) !== 0);
  };
  expect(members().filter(isAny).map(place)).toEqual([]);
});
