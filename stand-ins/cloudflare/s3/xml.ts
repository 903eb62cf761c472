import {
  DOMImplementation,
  DOMParser,
  type Document,
  type Element,
  onErrorStopParsing,
  XMLSerializer,
} from "@xmldom/xmldom";
import { failures } from "./errors";

const NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";

/** The children of an element by name. An array becomes one element for each item; undefined becomes none. */
export type XmlContent = string | number | boolean | XmlObject;
interface XmlObject {
  readonly [name: string]: XmlContent | readonly XmlContent[] | undefined;
}

/** A document of the S3 API. */
export function toXml(root: string, content: XmlObject, namespace: string | null = NAMESPACE): string {
  const document = new DOMImplementation().createDocument(namespace, root);
  if (document.documentElement) fill(document, document.documentElement, content);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(document)}`;
}

export function xmlResponse(root: string, content: XmlObject): Response {
  return new Response(toXml(root, content), { headers: { "content-type": "application/xml" } });
}

function fill(document: Document, parent: Element, content: XmlContent): void {
  if (typeof content !== "object") {
    parent.appendChild(document.createTextNode(String(content)));
    return;
  }
  for (const [name, value] of Object.entries(content)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item === undefined) continue;
      const child = document.createElementNS(parent.namespaceURI, name);
      fill(document, child, item);
      parent.appendChild(child);
    }
  }
}

/** The child texts of each element with this name: `<Object><Key>a</Key></Object>` gives `{ Key: "a" }`. @throws S3Error 400 */
export function recordsOf(xml: string, name: string): readonly Readonly<Record<string, string>>[] {
  return [...parse(xml).getElementsByTagName(name)].map((element) =>
    Object.fromEntries(
      [...element.childNodes].map((child) => [child.localName ?? child.nodeName, child.textContent ?? ""]),
    ),
  );
}

function parse(xml: string): Document {
  try {
    return new DOMParser({ onError: onErrorStopParsing }).parseFromString(xml, "text/xml");
  } catch {
    throw failures.malformedXml();
  }
}
