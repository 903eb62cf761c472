import { X509Certificate } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";

export interface ServerCertificate {
  readonly key: string;
  /** With the CA's behind it. */
  readonly cert: string;
  /** The CA's certificate, for SSL_CERT_FILE and the like. */
  readonly caFile: string;
  /** Removes what was only for this run. */
  readonly dispose: () => void;
}

const FILES = { ca: "ca.pem", cert: "server.pem", key: "server-key.pem" } as const;
const VALID_MS = 365 * 24 * 60 * 60 * 1000;

/**
 * A CA of our own and a certificate for the loopback addresses. The CA's key is thrown away at once: nobody can
 * make another certificate of it.
 * @param dataDir where they are kept. @default a temporary folder, until `dispose`
 */
export async function serverCertificate(dataDir: string | undefined): Promise<ServerCertificate> {
  const folder = dataDir ? join(dataDir, "tls") : mkdtempSync(join(tmpdir(), "proxmox-tls-"));
  const dispose = () => {
    if (!dataDir) rmSync(folder, { recursive: true, force: true });
  };
  const caFile = join(folder, FILES.ca);
  const kept = dataDir ? read(folder) : undefined;
  if (kept) return { ...kept, caFile, dispose };

  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const notAfterDate = new Date(Date.now() + VALID_MS);
  const ca = await generate([{ name: "commonName", value: "stand-in Proxmox VE CA" }], {
    keyType: "ec",
    algorithm: "sha256",
    notAfterDate,
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const server = await generate([{ name: "commonName", value: "localhost" }], {
    keyType: "ec",
    algorithm: "sha256",
    notAfterDate,
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: "basicConstraints", cA: false },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          { type: 7, ip: "127.0.0.1" },
          { type: 7, ip: "::1" },
        ],
      },
    ],
  });
  const cert = `${server.cert.trim()}\n${ca.cert.trim()}\n`;
  // The key last: with all three there, all three are whole.
  writeFileSync(caFile, ca.cert);
  writeFileSync(join(folder, FILES.cert), cert);
  writeFileSync(join(folder, FILES.key), server.private, { mode: 0o600 });
  return { key: server.private, cert, caFile, dispose };
}

/** What an earlier run left, unless it is about to end. */
function read(folder: string): { readonly key: string; readonly cert: string } | undefined {
  try {
    const [key, cert] = [FILES.key, FILES.cert].map((name) => readFileSync(join(folder, name), "utf8"));
    if (!key || !cert) return undefined;
    const { validTo } = new X509Certificate(cert);
    return Date.parse(validTo) - Date.now() > VALID_MS / 12 ? { key, cert } : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
