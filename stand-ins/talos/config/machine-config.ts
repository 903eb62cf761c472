import type { z } from "zod";
import type { KeyPair } from "../pki/issue";
import { type ConfigDocument, MAIN_KIND, MachineConfigError, parseDocuments } from "./documents";
import { hostnameSchema, linkSchema, type MainDocument, mainSchema } from "./schema";

export type MachineType = "controlplane" | "worker";

/** A machine configuration that could be parsed; `validate.ts` decides whether a node accepts it. */
export interface MachineConfig {
  readonly text: string;
  readonly documents: readonly ConfigDocument[];
  /** Without a main document, a node stays in maintenance. */
  readonly main: MainDocument | undefined;
  readonly hostnameDocument: z.output<typeof hostnameSchema> | undefined;
  readonly type: MachineType | undefined;
  readonly hostname: string | undefined;
  /** The static addresses, without prefix lengths. */
  readonly addresses: readonly string[];
}

/** @throws MachineConfigError that names the document, the line and the key */
export function parseMachineConfig(text: string): MachineConfig {
  const documents = parseDocuments(text);
  const first = <S extends z.ZodType>(kind: string, schema: S): z.output<S> | undefined => {
    const document = documents.find((candidate) => candidate.kind === kind);
    return document && read(document, schema);
  };
  const main = first(MAIN_KIND, mainSchema);
  const hostnameDocument = first("HostnameConfig", hostnameSchema);
  const links = documents.filter(
    ({ kind }) => kind.endsWith("Config") && /^(Link|VLAN|Bond|Bridge)/.test(kind),
  );
  const interfaces = main?.machine?.network?.interfaces ?? [];
  const prefixes = [
    ...interfaces.flatMap((item) => [item, ...(item.vlans ?? [])].flatMap(({ addresses = [] }) => addresses)),
    ...links.flatMap((link) => (read(link, linkSchema).addresses ?? []).map(({ address }) => address)),
  ];
  return {
    text,
    documents,
    main,
    hostnameDocument,
    type: main && machineType(main.machine?.type ?? ""),
    hostname: hostnameDocument?.hostname ?? main?.machine?.network?.hostname,
    addresses: prefixes.map((prefix) => prefix.split("/")[0] ?? prefix),
  };
}

/** The CA of the Talos API. A worker has it without its key. */
export function machineCa({ main }: MachineConfig): KeyPair {
  return decodeKeyPair(main?.machine?.ca);
}

export const decodeKeyPair = ({ crt = "", key = "" }: { crt?: string; key?: string } = {}): KeyPair => ({
  crt: Buffer.from(crt, "base64").toString(),
  key: Buffer.from(key, "base64").toString(),
});

function machineType(given: string): MachineType | undefined {
  if (given === "controlplane" || given === "init") return "controlplane";
  return ["worker", "join", ""].includes(given) ? "worker" : undefined;
}

function read<S extends z.ZodType>(document: ConfigDocument, schema: S): z.output<S> {
  const result = schema.safeParse(document.value);
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => {
    const at = (path: readonly PropertyKey[]) =>
      `${path.map(String).join(".")} (line ${document.lineOf(path)})`;
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => `unknown keys found during decoding: ${at([...issue.path, key])}`);
    }
    return [`cannot unmarshal ${at(issue.path)}: ${issue.message}`];
  });
  throw new MachineConfigError(
    `error decoding document v1alpha1/${document.kind}/${document.name} (line ${document.lineOf([])}): ${problems.join("; ")}`,
  );
}
