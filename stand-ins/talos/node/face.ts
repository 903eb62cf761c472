import { decodeKeyPair, machineCa } from "../config/machine-config";
import { issueCertificate, type KeyPair, selfSignedCertificate } from "../pki/issue";
import type { Node } from "./node";

/** How a node shows itself to clients. */
export interface Face {
  readonly server: KeyPair;
  /** Who signs the certificates that clients must have; none in maintenance, where none is asked for. */
  readonly clientCa: string | undefined;
}

/** Of Talos' own certificates. They are made anew at each boot and change of configuration. */
const VALID_DAYS = 1;

/** Of a node in maintenance: whoever reaches it may configure it. */
export async function maintenanceFace(node: Node): Promise<Face> {
  const server = await selfSignedCertificate({
    keyKind: "ed25519",
    usage: "server",
    commonName: "maintenance-service.talos.dev",
    dnsNames: ["maintenance-service.talos.dev"],
    ipAddresses: [...node.addresses],
    validDays: VALID_DAYS,
  });
  return { server, clientCa: undefined };
}

/**
 * Of a configured node.
 * @param ca with its key, which a worker has from a control plane node
 */
export async function configuredFace(node: Node, ca: KeyPair): Promise<Face> {
  const sans = [...node.addresses, ...(node.config?.main?.machine?.certSANs ?? [])];
  const isAddress = (name: string) => /^[\d.]+$|:/.test(name);
  const server = await issueCertificate(ca, {
    keyKind: "ed25519",
    usage: "server",
    commonName: node.hostname,
    ipAddresses: sans.filter(isAddress),
    dnsNames: [node.hostname, ...sans.filter((name) => !isAddress(name))],
    validDays: VALID_DAYS,
  });
  const accepted = (node.config?.main?.machine?.acceptedCAs ?? []).map((other) => decodeKeyPair(other).crt);
  return { server, clientCa: [ca.crt, ...accepted].join("\n") };
}

/** The CA of a node's cluster with its key, from the node itself or from a control plane node that runs. */
export function issuingCa(node: Node, nodes: readonly Node[]): KeyPair | undefined {
  if (!node.config) return undefined;
  const own = machineCa(node.config);
  if (own.key) return own;
  const token = node.config.main?.machine?.token;
  for (const other of nodes) {
    if (!other.isControlPlane || other.condition !== "RUNNING" || !other.config) continue;
    const ca = machineCa(other.config);
    if (ca.crt === own.crt && other.config.main?.machine?.token === token) return ca;
  }
  return undefined;
}
