import { buffer } from "node:stream/consumers";
import { createGzip } from "node:zlib";
import { pack } from "tar-stream";
import { stringify } from "yaml";
import { decodeKeyPair, type MachineConfig } from "../config/machine-config";
import { issueCertificate } from "../pki/issue";
import { ADMIN } from "./caller";
import { requireControlPlane } from "./etcd/requirements";
import { method } from "./method";
import { RpcError } from "./rpc-error";

/** How long Talos makes the certificate of a Kubernetes administrator valid. */
const VALID_DAYS = 365;

/**
 * Answers a gzipped tar with one file, as Talos does for every copy from a node. Kubernetes need not run for it. Where it
 * does, `proxy-url` leads to it, which is the only difference to a real node.
 */
export const kubeconfig = method<object>(ADMIN, async function* (context) {
  requireControlPlane(context, "kubeconfig");
  const { config } = context.node;
  const { kubernetes } = context.machines;
  const proxy = kubernetes && { "proxy-url": `http://${kubernetes.endpoint}` };
  const archive = pack();
  archive.entry({ name: "kubeconfig", mode: 0o600 }, config ? await adminKubeconfig(config, proxy) : "");
  archive.finalize();
  yield { bytes: await buffer(archive.pipe(createGzip())) };
});

async function adminKubeconfig({ main }: MachineConfig, proxy: object | undefined): Promise<string> {
  const cluster = main?.cluster;
  const ca = decodeKeyPair(cluster?.ca);
  if (!ca.key)
    throw new RpcError("UNKNOWN", "error getting Kubernetes CA: the key is empty (.cluster.ca.key)");
  const client = await issueCertificate(ca, {
    keyKind: "p256",
    usage: "client",
    commonName: "admin",
    organizations: ["system:masters"],
    validDays: VALID_DAYS,
  });
  const name = cluster?.clusterName ?? "";
  const user = `admin@${name}`;
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name,
        cluster: {
          server: cluster?.controlPlane?.endpoint,
          "certificate-authority-data": base64(ca.crt),
          ...proxy,
        },
      },
    ],
    users: [
      {
        name: user,
        user: { "client-certificate-data": base64(client.crt), "client-key-data": base64(client.key) },
      },
    ],
    contexts: [{ name: user, context: { cluster: name, namespace: "default", user } }],
    "current-context": user,
  });
}
