import "reflect-metadata"; // first: the library needs it
import { randomBytes } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { exportKey, generateKeyPair, signingKey } from "./keys";

/** A certificate and its key, both PEM. */
export interface KeyPair {
  readonly crt: string;
  readonly key: string;
}

export interface CertificateRequest {
  readonly keyKind: "ed25519" | "p256";
  readonly usage: "server" | "client";
  readonly commonName?: string;
  /** The roles in the Talos API, or the groups in Kubernetes. */
  readonly organizations?: readonly string[];
  readonly ipAddresses?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly validDays: number;
}

/** How much the clocks of client and node may differ. */
const SKEW_MS = 10_000;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Issues a certificate. @throws where the CA cannot be read */
export async function issueCertificate(ca: KeyPair, request: CertificateRequest): Promise<KeyPair> {
  const issuer = new x509.X509Certificate(ca.crt);
  const { privateKey, signing } = await signingKey(ca.key);
  const keys = await generateKeyPair(request.keyKind);
  const certificate = await x509.X509CertificateGenerator.create({
    ...common(request),
    issuer: issuer.subjectName,
    publicKey: keys.publicKey,
    signingKey: privateKey,
    signingAlgorithm: signing,
  });
  return { crt: `${certificate.toString("pem")}\n`, key: await exportKey(keys.privateKey) };
}

/** A self-signed certificate, as a node in maintenance has it. */
export async function selfSignedCertificate(request: CertificateRequest): Promise<KeyPair> {
  const keys = await generateKeyPair(request.keyKind);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...common(request),
    name: common(request).subject,
    keys,
    signingAlgorithm: { name: keys.privateKey.algorithm.name, hash: "SHA-256" },
  });
  return { crt: `${certificate.toString("pem")}\n`, key: await exportKey(keys.privateKey) };
}

function common({ usage, commonName, organizations = [], validDays, ...sans }: CertificateRequest) {
  const subject: x509.JsonName = [
    ...organizations.map((name) => ({ O: [name] })),
    ...(commonName ? [{ CN: [commonName] }] : []),
  ];
  const names = [
    ...(sans.ipAddresses ?? []).map((value) => ({ type: "ip" as const, value })),
    ...(sans.dnsNames ?? []).map((value) => ({ type: "dns" as const, value })),
  ];
  return {
    // RFC 5280 (4.1.2.2) requires a positive number.
    serialNumber: `01${randomBytes(15).toString("hex")}`,
    subject,
    notBefore: new Date(Date.now() - SKEW_MS),
    notAfter: new Date(Date.now() + validDays * DAY_MS),
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage[`${usage}Auth`]]),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ],
  };
}
