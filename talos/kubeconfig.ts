import { parse } from "yaml";
import { z } from "zod";
import { TalosError } from "./errors";

const text = z.string().min(1);
const base64 = text.transform((value) => Buffer.from(value, "base64").toString("utf8"));
const kubeconfig = z.object({
  "current-context": text,
  contexts: z.array(z.object({ name: text, context: z.object({ cluster: text, user: text }) })),
  clusters: z.array(
    z.object({ name: text, cluster: z.object({ server: text, "certificate-authority-data": base64 }) }),
  ),
  users: z.array(
    z.object({
      name: text,
      user: z.object({ "client-certificate-data": base64, "client-key-data": base64 }),
    }),
  ),
});

/** What a kubeconfig says of its current context. */
export interface KubernetesCredentials {
  /** URL of the API. */
  readonly server: string;
  /** Certificate of the CA, as PEM. */
  readonly ca: string;
  /** Certificate of the client, as PEM. */
  readonly certificate: string;
  /** Private key of the client, as PEM. */
  readonly key: string;
}

/** @throws TalosError if it is not such a kubeconfig as Talos makes */
export function kubernetesCredentials(yaml: string): KubernetesCredentials {
  const parsed = kubeconfig.safeParse(parse(yaml));
  if (!parsed.success) throw unusable(parsed.error.issues[0]?.path.join(".") ?? "");
  const { "current-context": current, contexts, clusters, users } = parsed.data;
  const context = contexts.find(({ name }) => name === current)?.context;
  const cluster = clusters.find(({ name }) => name === context?.cluster)?.cluster;
  const user = users.find(({ name }) => name === context?.user)?.user;
  if (!cluster || !user) throw unusable(`context ${current}`);
  return {
    server: cluster.server,
    ca: cluster["certificate-authority-data"],
    certificate: user["client-certificate-data"],
    key: user["client-key-data"],
  };
}

const unusable = (what: string) =>
  new TalosError(
    `the kubeconfig has no ${what} that can be used; it must be one that Talos made, with a client certificate in it`,
  );
