import type { Cluster } from "../cluster";
import { forEachAtOnce } from "../for-each-at-once";
import { kubernetesCredentials } from "../kubeconfig";
import { isControlPlane } from "../node";
import { type Certificate, certificateIn, servedCertificate } from "../read/certificate";
import { talosCredentials } from "../talosconfig";

/** A server whose certificate Talos makes and renews. */
interface Server {
  readonly name: string;
  readonly endpoint: string;
}

/** The certificates of the credentials, and those that the cluster shows to whoever connects to it. */
export async function readCertificates(
  cluster: Cluster,
  options: { readonly kubernetes: boolean },
): Promise<readonly Certificate[]> {
  const own = ownCertificates(cluster);
  const talosApis = cluster.nodes.map(({ name, apiEndpoint }) => ({
    name: `Talos API of ${name}`,
    endpoint: apiEndpoint,
  }));
  const servers = options.kubernetes ? [...talosApis, ...kubernetesServers(cluster)] : talosApis;
  const served = await forEachAtOnce(servers, async ({ name, endpoint }) => {
    try {
      return [await servedCertificate(endpoint, name)];
    } catch {
      // Whoever does not answer is not judged by its certificate.
      return [];
    }
  });
  return [...own, ...served.flat()];
}

/** Those that are in the talosconfig and in the kubeconfig. */
export function ownCertificates({ access }: Pick<Cluster, "access">): readonly Certificate[] {
  const talos = talosCredentials(access.talosconfig);
  const kubernetes = access.kubeconfig === undefined ? undefined : kubernetesCredentials(access.kubeconfig);
  return [
    certificateIn(talos.certificate, "client certificate of the talosconfig", "you"),
    ...(kubernetes
      ? [certificateIn(kubernetes.certificate, "client certificate of the kubeconfig", "you")]
      : []),
    certificateIn(talos.ca, "CA of Talos", "you"),
    ...(kubernetes ? [certificateIn(kubernetes.ca, "CA of Kubernetes", "you")] : []),
  ];
}

/** Servers beside the Talos API. Behind a tunnel to the Talos API, they are not reached. */
function kubernetesServers({ access, nodes, env }: Cluster): readonly Server[] {
  if (access.kubeconfig === undefined) return [];
  const { server } = kubernetesCredentials(access.kubeconfig);
  const api = env.KUBERNETES_API_ENDPOINT || new URL(server).host;
  const direct = nodes.filter(({ address, apiEndpoint }) => apiEndpoint.includes(address));
  const at = (address: string, port: number) => `${address.includes(":") ? `[${address}]` : address}:${port}`;
  return [
    { name: "Kubernetes API", endpoint: api },
    ...direct.map(({ name, address }) => ({ name: `kubelet of ${name}`, endpoint: at(address, 10_250) })),
    ...direct
      .filter(isControlPlane)
      .map(({ name, address }) => ({ name: `etcd of ${name}`, endpoint: at(address, 2379) })),
  ];
}

const DAY_MS = 86_400_000;
/** A certificate that you have to renew is spoken of this long before its end. */
export const WARN_DAYS = 60;

/** Whole days until the end; negative after it. */
export const daysLeft = ({ notAfter }: Certificate, now: Date): number =>
  Math.floor((notAfter.getTime() - now.getTime()) / DAY_MS);

/** What is wrong with a certificate; undefined if nothing is. */
export function certificateProblem(certificate: Certificate, now: Date): string | undefined {
  const { notBefore, notAfter, renewedBy, name } = certificate;
  const days = daysLeft(certificate, now);
  if (notAfter <= now) return `has expired on ${dayOf(notAfter)}; ${adviceFor(name, renewedBy)}`;
  if (notBefore > now) return `is valid only from ${notBefore.toISOString()} on; are the clocks right?`;
  if (renewedBy === "you") {
    return days < WARN_DAYS
      ? `expires in ${days} days, on ${dayOf(notAfter)}; ${adviceFor(name, renewedBy)}`
      : undefined;
  }
  // Talos renews at half of the time.
  const lifetime = notAfter.getTime() - notBefore.getTime();
  return notAfter.getTime() - now.getTime() < lifetime / 10
    ? `was not renewed by Talos, and expires on ${notAfter.toISOString()}; ${adviceFor(name, renewedBy)}`
    : undefined;
}

const dayOf = (date: Date): string => date.toISOString().slice(0, 10);

function adviceFor(name: string, renewedBy: Certificate["renewedBy"]): string {
  if (renewedBy === "talos") return "look at the clock and the logs of the node";
  return name.startsWith("CA") ? "plan talosctl rotate-ca" : "npm run certificates -- renew";
}
