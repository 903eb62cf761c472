import type { MachineConfigPatch, TalosClusterNode, TalosLink, TalosRoute } from "../talos-cluster-props";

const API_VERSION = "v1alpha1";

/**
 * The links of a node as documents. Linux names interfaces by their place on the bus, so they get an alias by their MAC address: net0,
 * net1 … as in Proxmox.
 * @param vip announced by the first link
 */
export function linkDocuments(node: TalosClusterNode, vip: string | undefined): MachineConfigPatch[] {
  const configured = node.links.map((link, index) => ({ link, alias: `net${index}` })).filter(isConfigured);
  return [
    ...configured.map(({ link, alias }) => ({
      apiVersion: API_VERSION,
      kind: "LinkAliasConfig",
      name: alias,
      selector: { match: `mac(link.permanent_addr) == "${link.macAddress}"` },
    })),
    ...configured.flatMap(({ link, alias }) => addressDocuments(link, alias)),
    ...(vip === undefined
      ? []
      : [
          {
            apiVersion: API_VERSION,
            kind: "Layer2VIPConfig",
            name: vip,
            link: nameOf(node.links[0], "net0"),
          },
        ]),
  ];
}

/** A link without settings keeps what Talos does by itself, which is DHCP. */
function isConfigured({ link, alias }: { readonly link: TalosLink; readonly alias: string }): boolean {
  return (
    alias === "net0" || link.addresses !== undefined || link.mtu !== undefined || link.vlan !== undefined
  );
}

function addressDocuments(link: TalosLink, alias: string): MachineConfigPatch[] {
  const { vlan, mtu, addresses = [], routes = [] } = link;
  const settings = {
    ...(mtu !== undefined && { mtu }),
    ...(addresses.length > 0 && { addresses: addresses.map((address) => ({ address })) }),
    ...(routes.length > 0 && { routes: routes.map(route) }),
  };
  // A link with a document of its own is no longer among those that Talos tries DHCP on.
  const dhcp =
    link.addresses === undefined
      ? [{ apiVersion: API_VERSION, kind: "DHCPv4Config", name: nameOf(link, alias) }]
      : [];
  if (vlan === undefined) {
    return [{ apiVersion: API_VERSION, kind: "LinkConfig", name: alias, ...settings }, ...dhcp];
  }
  return [
    { apiVersion: API_VERSION, kind: "LinkConfig", name: alias, ...(mtu !== undefined && { mtu }), up: true },
    {
      apiVersion: API_VERSION,
      kind: "VLANConfig",
      name: nameOf(link, alias),
      vlanID: vlan,
      parent: alias,
      ...settings,
    },
    ...dhcp,
  ];
}

/** The default route has no destination: Talos takes 0.0.0.0/0 for a mistake. */
function route({ destination, gateway, metric }: TalosRoute): object {
  return {
    ...(destination !== undefined && { destination }),
    gateway,
    ...(metric !== undefined && { metric }),
  };
}

function nameOf({ vlan }: TalosLink, alias: string): string {
  return vlan === undefined ? alias : `${alias}.${vlan}`;
}
