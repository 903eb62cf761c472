import type {
  MachineConfigPatch,
  TalosClusterNode,
  TalosClusterProps,
  TalosLink,
} from "../talos-cluster-props";

/** The network as Talos 1.11 and earlier had it: a part of the main document. */
export function legacyNetwork(
  { network }: TalosClusterProps,
  node: TalosClusterNode,
  vip: string | undefined,
): MachineConfigPatch {
  const { dnsServers, ntpServers } = network;
  return {
    machine: {
      network: {
        hostname: node.name,
        interfaces: node.links.map((link, index) => legacyInterface(link, index === 0 ? vip : undefined)),
        ...(dnsServers && { nameservers: dnsServers }),
      },
      ...(ntpServers && { time: { servers: ntpServers } }),
    },
  };
}

function legacyInterface(link: TalosLink, vip: string | undefined): object {
  const { macAddress, vlan, mtu, addresses, routes = [] } = link;
  const settings = {
    ...(addresses === undefined ? { dhcp: true } : { addresses }),
    ...(routes.length > 0 && {
      routes: routes.map(({ destination, gateway, metric }) => ({
        network: destination ?? (gateway.includes(":") ? "::/0" : "0.0.0.0/0"),
        gateway,
        ...(metric !== undefined && { metric }),
      })),
    }),
    ...(vip !== undefined && { vip: { ip: vip } }),
  };
  const itself = { deviceSelector: { hardwareAddr: macAddress }, ...(mtu !== undefined && { mtu }) };
  return vlan === undefined
    ? { ...itself, ...settings }
    : { ...itself, vlans: [{ vlanId: vlan, ...settings }] };
}
