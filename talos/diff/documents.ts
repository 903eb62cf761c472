import { parseAllDocuments } from "yaml";

/** A document of a machine config. */
export interface ConfigDocument {
  /** `v1alpha1` for the main one, else its kind and its name: `LinkConfig net0`. */
  readonly name: string;
  readonly content: Readonly<Record<string, unknown>>;
}

/** The documents of a machine config, in its order. */
export function configDocuments(yaml: string): readonly ConfigDocument[] {
  return parseAllDocuments(yaml).flatMap((document): ConfigDocument[] => {
    const content: unknown = document.toJS();
    if (typeof content !== "object" || content === null) return [];
    return [{ name: nameOf(content), content: content as ConfigDocument["content"] }];
  });
}

/** Two documents are about the same if their version, kind and name are the same. */
function nameOf(document: object): string {
  const { apiVersion, kind, name } = document as Readonly<Record<string, unknown>>;
  if (kind === undefined) return "v1alpha1";
  const version = apiVersion === "v1alpha1" ? [] : [apiVersion];
  return [...version, kind, name].filter((part) => part !== undefined).join(" ");
}
