import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:tls";
import { selfSignedCertificate } from "../../../stand-ins/talos/pki/issue";
import { certificateIn, servedCertificate } from "../../../talos/read/certificate";

let server: Server | undefined;
afterEach(() => server?.close());

test("the certificate of a server that wants one from the client", async () => {
  const own = await selfSignedCertificate({ keyKind: "p256", usage: "server", validDays: 30 });
  server = createServer({ cert: own.crt, key: own.key, requestCert: true });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const served = await servedCertificate(`127.0.0.1:${port}`, "the server");
  expect(served).toEqual(certificateIn(own.crt, "the server", "talos"));
});

test("nobody answers", async () => {
  await expect(servedCertificate("127.0.0.1:1", "the server")).rejects.toThrow("ECONNREFUSED");
});
