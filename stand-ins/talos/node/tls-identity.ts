import { decodeKeyPair, machineCa } from "../config/machine-config";
import { issueCertificate, type KeyPair, selfSignedCertificate } from "../pki/issue";
import type { Node } from "./node";

/** The certificate that a node presents to clients, and the certificates that it accepts from them. */
export interface TlsIdentity {
  readonly server: KeyPair;
  /** The CAs that may have signed a client's certificate; undefined in maintenance, where no certificate is required. */
  readonly clientCa: string | undefined;
}

/** How long Talos' own certificates are valid. New ones are issued at each boot and change of configuration. */
const VALID_DAYS = 1;

/** The identity of a node in maintenance: whoever reaches the node may configure it. */
export async function maintenanceIdentity(node: Node): Promise<TlsIdentity> {
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
 * The identity of a configured node.
 * @param ca with its key, which a worker gets from a control plane node
 */
export async function configuredIdentity(node: Node, ca: KeyPair): Promise<TlsIdentity> {
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

/** The CA of a node's cluster with its key, from the node itself or from a running control plane node. */
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
