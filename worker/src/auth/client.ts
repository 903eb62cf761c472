/** Address of the client as Cloudflare saw it; an IPv6 client owns its /64. */
export function clientOf(request: Request): string {
  const address = request.headers.get("cf-connecting-ip") ?? "unknown";
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.toLowerCase().split("::");
  const groups = (part: string): string[] => (part === "" ? [] : part.split(":"));
  const left = groups(head);
  const right = groups(tail ?? "");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const all = [...left, ...Array<string>(zeros).fill("0"), ...right];
  return `${all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":")}::/64`;
}

/** The network of a client that {@link clientOf} names: what one customer gets at least, a /24 or a /48. */
export function networkOf(client: string): string {
  if (client.includes(":")) return `${client.split(":").slice(0, 3).join(":")}::/48`;
  return client.replace(/\.\d+$/, ".0/24");
}
