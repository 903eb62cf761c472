import { X509Certificate } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";

export interface TlsIdentity {
  readonly key: string;
  /** The server's certificate, followed by that of the CA. */
  readonly cert: string;
  /** The file with the CA's certificate, for SSL_CERT_FILE and the like. */
  readonly caFile: string;
  /** Removes the files if they are for this run only. */
  readonly dispose: () => void;
}

const FILES = { ca: "ca.pem", cert: "server.pem", key: "server-key.pem" } as const;
const VALID_MS = 365 * 24 * 60 * 60 * 1000;

/**
 * Loads the server's certificate for the loopback addresses, or makes one with a CA of its own. The CA's key is not
 * saved, so that nobody can issue another certificate.
 * @param dataDir the folder that keeps the files; undefined for a temporary folder until `dispose`
 */
export async function loadTlsIdentity(dataDir: string | undefined): Promise<TlsIdentity> {
  const folder = dataDir ? join(dataDir, "tls") : mkdtempSync(join(tmpdir(), "proxmox-tls-"));
  const dispose = () => {
    if (!dataDir) rmSync(folder, { recursive: true, force: true });
  };
  const caFile = join(folder, FILES.ca);
  const saved = dataDir ? read(folder) : undefined;
  if (saved) return { ...saved, caFile, dispose };

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
  // The key is written last: if it exists, all three files are complete.
  writeFileSync(caFile, ca.cert);
  writeFileSync(join(folder, FILES.cert), cert);
  writeFileSync(join(folder, FILES.key), server.private, { mode: 0o600 });
  return { key: server.private, cert, caFile, dispose };
}

/** The files of an earlier run; undefined where there are none or the certificate expires soon. */
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
