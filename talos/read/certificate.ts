import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { connect } from "node:tls";

/** How long a certificate is valid, and who has to renew it. */
export interface Certificate {
  /** What it is for: `client certificate of the talosconfig`, `Talos API of cp-1`. */
  readonly name: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** `talos` renews what it serves by itself; the rest is up to you. */
  readonly renewedBy: "talos" | "you";
}

const TIMEOUT_MS = 5_000;

/** The first certificate of a PEM. @throws if there is none */
export function certificateIn(pem: string, name: string, renewedBy: Certificate["renewedBy"]): Certificate {
  const { validFromDate, validToDate } = new X509Certificate(pem);
  return { name, notBefore: validFromDate, notAfter: validToDate, renewedBy };
}

/**
 * Reads the certificate that a server shows before it asks for that of the client.
 * @throws Error if nobody answers
 */
export function servedCertificate(endpoint: string, name: string): Promise<Certificate> {
  const { hostname, port } = new URL(`https://${endpoint}`);
  const host = hostname.replace(/^\[|\]$/g, "");
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: Number(port || 443),
      servername: isIP(host) ? "" : host,
      // Only its dates are read, and nothing is sent.
      rejectUnauthorized: false,
      ALPNProtocols: ["h2"],
    });
    const fail = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(TIMEOUT_MS, () => fail(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    socket.on("error", fail);
    socket.on("secureConnect", () => {
      const served = socket.getPeerX509Certificate();
      socket.destroy();
      if (served === undefined) return reject(new Error("it showed no certificate"));
      resolve({
        name,
        notBefore: served.validFromDate,
        notAfter: served.validToDate,
        renewedBy: "talos",
      });
    });
  });
}
