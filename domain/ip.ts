import ipaddr from "ipaddr.js";

const isIPv4 = (text: string): boolean => ipaddr.IPv4.isValidFourPartDecimal(text);

export type Family = "IPv4" | "IPv6";

/** An IP address; equal addresses have the same `text`, however they were written. */
export class Address {
  readonly family: Family;
  readonly text: string;

  private constructor(readonly parsed: ipaddr.IPv4 | ipaddr.IPv6) {
    this.family = parsed.kind() === "ipv4" ? "IPv4" : "IPv6";
    this.text = parsed.toString();
  }

  /** Stricter than `ipaddr.parse`: no leading zeros or short forms in IPv4, and no zone in IPv6. */
  static isValid(text: string): boolean {
    return isIPv4(text) || (ipaddr.IPv6.isValid(text) && !text.includes("%"));
  }

  /** @throws if `isValid` does not hold. */
  static parse(text: string): Address {
    if (!Address.isValid(text)) throw new Error(`${text} is not an IP address`);
    return new Address(ipaddr.parse(text));
  }

  static of(parsed: ipaddr.IPv4 | ipaddr.IPv6): Address {
    return new Address(parsed);
  }

  /** The address that is `count` higher; undefined past the last address. */
  plus(count: number): Address | undefined {
    const bytes = this.parsed.toByteArray();
    let carry = count;
    for (let index = bytes.length - 1; index >= 0 && carry > 0; index--) {
      const sum = (bytes[index] ?? 0) + carry;
      bytes[index] = sum % 256;
      carry = Math.floor(sum / 256);
    }
    return carry > 0 ? undefined : Address.of(ipaddr.fromByteArray(bytes));
  }

  equals(other: Address): boolean {
    return this.family === other.family && this.text === other.text;
  }
}

/** A network in CIDR notation. */
export class Cidr {
  private constructor(
    readonly network: Address,
    readonly prefixLength: number,
    /** The address as written, which differs from `network` where bits of the host part are set. */
    readonly address: Address,
  ) {}

  static isValid(text: string): boolean {
    const [address = "", prefix = "", ...rest] = text.split("/");
    if (rest.length > 0 || !Address.isValid(address) || !/^(0|[1-9]\d{0,2})$/.test(prefix)) return false;
    return Number(prefix) <= (isIPv4(address) ? 32 : 128);
  }

  /** @throws if `isValid` does not hold. */
  static parse(text: string): Cidr {
    if (!Cidr.isValid(text)) throw new Error(`${text} is not a network in CIDR notation`);
    const [address, prefixLength] = ipaddr.parseCIDR(text);
    const range = address.kind() === "ipv4" ? ipaddr.IPv4 : ipaddr.IPv6;
    return new Cidr(Address.of(range.networkAddressFromCIDR(text)), prefixLength, Address.of(address));
  }

  get family(): Family {
    return this.network.family;
  }

  get text(): string {
    return `${this.network.text}/${this.prefixLength}`;
  }

  contains(address: Address): boolean {
    return address.family === this.family && address.parsed.match(this.network.parsed, this.prefixLength);
  }

  overlaps(other: Cidr): boolean {
    return this.contains(other.network) || other.contains(this.network);
  }

  /** The first address for a host. It is usually the router's. */
  firstHost(): Address {
    const bytes = this.network.parsed.toByteArray();
    // Networks are aligned, so the last byte is even unless the network is a single address.
    const last = bytes.length - 1;
    bytes[last] = (bytes[last] ?? 0) + (this.isPointToPoint() ? 0 : 1);
    return Address.of(ipaddr.fromByteArray(bytes));
  }

  /** Addresses that no host can have, by their names. Point-to-point networks (/31, /127) have none. */
  reserved(): ReadonlyMap<string, Address> {
    if (this.isPointToPoint()) return new Map();
    if (this.family === "IPv6") return new Map([["subnet-router anycast address", this.network]]);
    return new Map([
      ["network address", this.network],
      ["broadcast address", Address.of(ipaddr.IPv4.broadcastAddressFromCIDR(this.text))],
    ]);
  }

  private isPointToPoint(): boolean {
    return this.prefixLength >= (this.family === "IPv4" ? 31 : 127);
  }
}
