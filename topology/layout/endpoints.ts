import type { ClusterConfig } from "../../config";
import { Address } from "../../domain/ip";
import { type Endpoint, setText } from "./model";
import { textWidth } from "./text";
import { capital } from "./words";

const BOX = { padding: 14, gap: 16 };

/** An address at which clients find something that is not one node. */
interface ApiAddress {
  /** `virtual address`, `load balancer` or `DNS name` */
  readonly kind: string;
  readonly value: string;
  /** Whether it moves between nodes. */
  readonly floating: boolean;
}

/** Where the Kubernetes API is: first the address that its clients use, then one that this leads to. */
export function apiAddressesOf({ network, talos }: ClusterConfig): readonly [ApiAddress, ...ApiAddress[]] {
  const announced = talos?.announceVip ?? true;
  const shared: ApiAddress = {
    kind: announced ? "virtual address" : "load balancer",
    value: network.vip,
    floating: announced,
  };
  if (talos?.endpoint === undefined) return [shared];
  const { endpoint } = talos;
  const host = new URL(endpoint).hostname.replace(/^\[|\]$/g, "");
  if (isSame(host, network.vip)) return [{ ...shared, value: endpoint }];
  const kind = Address.isValid(host) ? "load balancer" : "DNS name";
  return [{ kind, value: endpoint, floating: false }, shared];
}

/** IPv6 addresses are written in several ways. */
const isSame = (host: string, address: string): boolean =>
  host === address ||
  (Address.isValid(host) && Address.isValid(address) && Address.parse(host).equals(Address.parse(address)));

/** Boxes in a row for the addresses that the nodes have in common. */
export function layOutEndpoints(
  config: ClusterConfig,
  at: { readonly x: number; readonly top: number; readonly width: number },
): Endpoint[] {
  const [api, ...behind] = apiAddressesOf(config);
  const addresses = [
    { ...api, label: `Kubernetes API, ${api.kind}` },
    ...behind.map((each) => ({ ...each, label: capital(each.kind) })),
    { label: "Gateway", value: config.network.gateway, floating: false },
  ];
  const maxWidth = (at.width - (addresses.length - 1) * BOX.gap) / addresses.length;
  let { x } = at;
  const boxes = addresses.map(({ label, value, floating }): Endpoint => {
    const natural = Math.max(textWidth(label, "label"), textWidth(value, "value")) + 2 * BOX.padding;
    const width = Math.floor(Math.min(Math.ceil(natural), maxWidth));
    const inner = { x: BOX.padding, width: width - 2 * BOX.padding };
    const heading = setText(label, "label", { ...inner, top: 8, tone: "muted" });
    const address = setText(value, "value", { ...inner, top: heading.bottom });
    const box = {
      x,
      y: at.top,
      width,
      height: address.bottom + 9,
      floating,
      texts: [...heading.lines, ...address.lines],
    };
    x += width + BOX.gap;
    return box;
  });
  const height = Math.max(...boxes.map((box) => box.height));
  return boxes.map((box) => ({ ...box, height }));
}
