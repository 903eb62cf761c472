// `npm run kubeconfig -- --out FILE | --merge`: the credentials for Kubernetes.
import { newKubeconfig, withClients } from "../talos/cluster";
import { credentialsProgram, runCredentials } from "./credentials-command";
import type { TalosOptions } from "./talos-command";

const program = credentialsProgram("kubeconfig", "write the credentials for Kubernetes").option(
  "--new",
  "ask a control plane for new ones, which are valid for a year",
);
void runCredentials<TalosOptions & { readonly new?: boolean }>("kubeconfig", program, (cluster, options) => {
  const { kubeconfig } = cluster.access;
  if (kubeconfig !== undefined && !options.new) return kubeconfig;
  return withClients(cluster, ({ talosctl, nodes }) => newKubeconfig(talosctl, nodes));
});
