import { failure } from "../api/errors";
import { requiresAny } from "../api/permission";
import { parsePropertyString } from "../api/property-string";
import { type Route, route } from "../api/route";
import type { Guest } from "../model";
import { parseNet } from "./network-device";

const mayAsk = requiresAny("/vms/{vmid}", "VM.GuestAgent.Audit", "VM.GuestAgent.Unrestricted");

export const agentRoutes: readonly Route[] = [
  route({
    method: "POST",
    template: "/nodes/{node}/qemu/{vmid}/agent/ping",
    permission: mayAsk,
    handle: ({ cluster, path }) => {
      assertAnswers(cluster.vm(path.node, path.vmid));
      return { result: {} };
    },
  }),
  route({
    method: "GET",
    template: "/nodes/{node}/qemu/{vmid}/agent/network-get-interfaces",
    permission: mayAsk,
    handle: ({ cluster, path }) => {
      const guest = cluster.vm(path.node, path.vmid);
      assertAnswers(guest);
      return { result: interfaces(guest) };
    },
  }),
];

function assertAnswers({ vmid, status, config, agentSilent, agentAddresses, installed }: Guest): void {
  if (!/(?:^|enabled=)1/.test(String(config.agent ?? ""))) throw failure("No QEMU guest agent configured");
  if (status !== "running") throw failure(`VM ${vmid} is not running`);
  // The agent is a program in the operating system, unless a test says that there is one.
  if (agentSilent || (!installed && !agentAddresses)) throw failure("QEMU guest agent is not running");
}

/** An interface for each NIC, with its addresses in the cloud-init configuration. `agentAddresses` override the first. */
function interfaces({ config, agentAddresses }: Guest) {
  const nics = Object.keys(config)
    .filter((name) => /^net\d+$/.test(name))
    .sort();
  return [
    { name: "lo", "hardware-address": "00:00:00:00:00:00", "ip-addresses": [address("127.0.0.1/8")] },
    ...nics.map((name, index) => {
      const { ip, ip6 } = parsePropertyString(String(config[`ipconfig${index}`] ?? "")).options;
      const configured = [ip, ip6].filter((each): each is string => each?.includes("/") === true);
      const addresses = index === 0 && agentAddresses ? agentAddresses : configured;
      return {
        name: `eth${index}`,
        "hardware-address": parseNet(String(config[name])).mac?.toLowerCase() ?? "",
        "ip-addresses": addresses.map(address),
      };
    }),
  ];
}

function address(cidr: string) {
  const [ip = "", prefix = "24"] = cidr.split("/");
  return {
    "ip-address": ip,
    "ip-address-type": ip.includes(":") ? "ipv6" : "ipv4",
    prefix: Number(prefix),
  };
}
