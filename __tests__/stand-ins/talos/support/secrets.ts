import "reflect-metadata";
import { randomBytes, type webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { issueCertificate, type KeyPair } from "../../../../stand-ins/talos/pki/issue";
import { exportKey, generateKeyPair } from "../../../../stand-ins/talos/pki/keys";

/** What `talosctl gen secrets` makes, as far as a node looks at it. */
export interface ClusterSecrets {
  readonly os: KeyPair;
  readonly kubernetes: KeyPair;
  readonly etcd: KeyPair;
  /** The private key that signs the tokens of service accounts. */
  readonly serviceAccountKey: string;
  readonly token: string;
}

export async function clusterSecrets(): Promise<ClusterSecrets> {
  const [os, kubernetes, etcd] = await Promise.all([
    certificateAuthority("talos", "ed25519"),
    certificateAuthority("kubernetes", "p256"),
    certificateAuthority("etcd", "p256"),
  ]);
  // As Talos labels its keys.
  const key = os.key.replaceAll("PRIVATE KEY", "ED25519 PRIVATE KEY");
  const serviceAccountKey = await exportKey((await generateKeyPair("p256")).privateKey);
  return { os: { ...os, key }, kubernetes, etcd, serviceAccountKey, token: randomBytes(16).toString("hex") };
}

/** The client certificate of a talosconfig. */
export const clientCertificate = ({ os }: ClusterSecrets, role = "os:admin"): Promise<KeyPair> =>
  issueCertificate(os, { keyKind: "ed25519", usage: "client", organizations: [role], validDays: 1 });

async function certificateAuthority(organization: string, kind: "ed25519" | "p256"): Promise<KeyPair> {
  const keys: webcrypto.CryptoKeyPair = await generateKeyPair(kind);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: `O=${organization}`,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 86_400_000),
    keys,
    signingAlgorithm: { name: keys.privateKey.algorithm.name, hash: "SHA-256" },
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  return { crt: certificate.toString("pem"), key: await exportKey(keys.privateKey) };
}
