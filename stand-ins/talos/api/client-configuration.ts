import { stringify } from "yaml";
import { machineCa } from "../config/machine-config";
import { issueCertificate } from "../pki/issue";
import type { GenerateClientConfigurationRequest } from "../protocol/messages";
import { ADMIN } from "./caller";
import { requireControlPlane } from "./etcd/requirements";
import { method } from "./method";
import { RpcError } from "./rpc-error";

const DAY_SECONDS = 24 * 60 * 60;

/** Issues a client certificate, in a talosconfig without endpoints. */
export const generateClientConfiguration = method<GenerateClientConfigurationRequest>(
  ADMIN,
  async (context, { roles, crtTtl }) => {
    requireControlPlane(context, "generate client configuration");
    const seconds = Number(crtTtl?.seconds ?? 0);
    if (seconds <= 0) throw new RpcError("INVALID_ARGUMENT", "crt_ttl should be positive");
    const { config } = context.node;
    if (!config) throw new RpcError("INTERNAL", "a control plane node has a configuration");
    const ca = machineCa(config);
    const { crt, key } = await issueCertificate(ca, {
      keyKind: "ed25519",
      usage: "client",
      organizations: roles,
      validDays: seconds / DAY_SECONDS,
    });
    const cluster = config.main?.cluster?.clusterName ?? "";
    const [only, ...more] = roles;
    const name = only && more.length === 0 ? `${only.replace(/^os:/, "")}@${cluster}` : cluster;
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const entry = { endpoints: [], ca: base64(ca.crt), crt: base64(crt), key: base64(key) };
    const talosconfig = Buffer.from(stringify({ context: name, contexts: { [name]: entry } }));
    return { messages: [{ ...bytes({ ca: ca.crt, crt, key }), talosconfig }] };
  },
  ({ roles }) => roles.join(","),
);

const bytes = (texts: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)]));
