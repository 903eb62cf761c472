import { DISK_SERIAL } from "../../../domain/disk";
import { MTU, QUEUES, VLAN } from "../../../domain/network-interface";
import { TAG } from "../../../domain/proxmox-names";
import { CORES, MEMORY_MIB, SOCKETS, STARTUP, VM_ID } from "../../../domain/virtual-machine";
import { type RunningProxmox, startProxmox } from "../../../stand-ins/proxmox";
import { ApiClient, type Form } from "./support/api-client";

/* What a real Proxmox VE 9.2 answers to a property string that is wrong, and the strings that it accepts. */

let proxmox: RunningProxmox;
let api: ApiClient;

beforeAll(async () => {
  proxmox = await startProxmox();
  api = new ApiClient(proxmox);
});
afterAll(() => proxmox.stop());

const NOT_DEFINED = "property is not defined in schema and the schema does not allow additional properties";
const NO_MAC = "invalid format - value does not look like a valid unicast MAC address";
const NO_MATCH = "value does not match the regex pattern";
const notAmong = (value: string, values: string) =>
  `value '${value}' does not have a value in the enumeration '${values}'`;

/** The wrong option, its value, the part that is named and what is said about it. */
const WRONG_PARTS: readonly (readonly [string, string, string, string])[] = [
  ["net0", "virtio,bridge=vmbr0,tag=5000", "tag", "value must have a maximum value of 4094"],
  ["net0", "virtio,bridge=vmbr0,tag=0", "tag", "value must have a minimum value of 1"],
  ["net0", "virtio,bridge=vmbr0,queues=65", "queues", "value must have a maximum value of 64"],
  ["net0", "virtio,bridge=vmbr0,mtu=70000", "mtu", "value must have a maximum value of 65520"],
  ["net0", "virtio,bridge=vmbr0,foo=1", "foo", NOT_DEFINED],
  ["net0", "virtio,macaddr=xx", "macaddr", NO_MAC],
  ["net0", "virtio=01:24:11:00:00:01", "macaddr", NO_MAC],
  ["net0", "e1001,bridge=vmbr0", "model", expect.stringContaining("'e1001' does not have a value in")],
  ["net0", "bridge=vmbr0", "model", "property is missing and it is not optional"],
  ["net31", "virtio,firewall=2", "firewall", "type check ('boolean') failed - got '2'"],
  ["scsi0", "ceph:1,foo=1", "foo", NOT_DEFINED],
  ["scsi0", `ceph:1,serial=${"s".repeat(61)}`, "serial", "value may only be 60 characters long"],
  ["scsi0", "nonsense", "file", "invalid format - unable to parse volume ID 'nonsense'"],
  [
    "scsi0",
    "ceph:1,cache=some",
    "cache",
    notAmong("some", "none, writethrough, writeback, unsafe, directsync"),
  ],
  ["scsi0", "ceph:1,iops_rd=many", "iops_rd", "type check ('integer') failed - got 'many'"],
  ["virtio0", "ceph:1,ssd=1", "ssd", NOT_DEFINED],
  ["sata0", "ceph:1,iothread=1", "iothread", NOT_DEFINED],
  ["ide0", "ceph:1,discard=yes", "discard", notAmong("yes", "ignore, on")],
  ["efidisk0", "ceph:1,efitype=9m", "efitype", notAmong("9m", "2m, 4m")],
  ["tpmstate0", "ceph:1,version=v3.0", "version", notAmong("v3.0", "v1.2, v2.0")],
  ["memory", "8", "current", "value must have a minimum value of 16"],
  ["machine", "q36", "type", NO_MATCH],
  ["machine", "q35,viommu=amd", "viommu", notAmong("amd", "intel, virtio")],
  ["vga", "type=foo", "type", expect.stringContaining("'foo' does not have a value in the enumeration")],
  ["vga", "std,memory=513", "memory", "value must have a maximum value of 512"],
  ["rng0", "source=/dev/null", "source", notAmong("/dev/null", "/dev/urandom, /dev/random, /dev/hwrng")],
  [
    "ipconfig0",
    "ip=10.0.0.1",
    "ip",
    "invalid format - value does not look like a valid ipv4 network configuration",
  ],
  [
    "ipconfig0",
    "ip6=fd00::1",
    "ip6",
    "invalid format - value does not look like a valid ipv6 network configuration",
  ],
  ["ipconfig0", "gw=10.0.0.1", "ip", "missing property required by 'ipconfig0.gw'"],
  ["agent", "enabled=2", "enabled", "type check ('boolean') failed - got '2'"],
  ["agent", "1,type=serial", "type", notAmong("serial", "virtio, isa")],
  ["hostpci0", "mapping=gpu,pcie=maybe", "pcie", "type check ('boolean') failed - got 'maybe'"],
  ["hostpci0", "gpu", "host", NO_MATCH],
  ["usb0", "mapping=1", "mapping", "invalid format - invalid configuration ID '1'"],
  ["watchdog", "i6300", "model", notAmong("i6300", "i6300esb, ib700")],
  ["audio0", "driver=none", "device", "property is missing and it is not optional"],
  ["boot", "order=floppy", "order", "invalid format - invalid boot device 'floppy'"],
  ["numa0", "cpus=a", "cpus", NO_MATCH],
  ["smbios1", "uuid=1", "uuid", NO_MATCH],
  ["virtiofs0", "share,cache=on", "cache", notAmong("on", "auto, always, metadata, never")],
  ["cpu", "host,flags=aes", "flags", NO_MATCH],
];

test.each(WRONG_PARTS)("%s: %s", async (option, value, part, text) => {
  const answer = await api.post("/nodes/pve1/qemu", { vmid: 100, [option]: value });
  expect(answer).toMatchObject({ status: 400, reason: "Parameter verification failed." });
  expect(Object.keys(answer.errors ?? {})).toEqual([option]);
  const [head, line = "", ...rest] = (answer.errors?.[option] ?? "").split("\n");
  expect(head).toBe("invalid format - format error");
  expect(line.slice(0, option.length + part.length + 3)).toBe(`${option}.${part}: `);
  expect(line.slice(option.length + part.length + 3)).toEqual(text);
  expect(rest).toEqual([""]);
});

/** Options whose text is wrong as a whole. */
const WRONG_TEXTS: readonly (readonly [string, string, string])[] = [
  ["startup", "order=x", "invalid format - unable to parse startup options"],
  ["tags", "ok;b@d", "invalid format - invalid characters in tag"],
  [
    "cpu",
    "nonsense",
    "invalid format - Built-in cputype 'nonsense' is not defined (missing 'custom-' prefix?)",
  ],
  ["numa", "yes", "type check ('boolean') failed - got 'yes'"],
  ["name", "a_b", "invalid format - value does not look like a valid DNS name"],
  ["hotplug", "cdrom", "invalid format - unable to parse hotplug option"],
  ["nameserver", "10.0.0.1 -", "invalid format - value does not look like a valid address"],
  ["serial0", "/tmp", NO_MATCH],
  ["keyboard", "xx", expect.stringContaining("'xx' does not have a value in the enumeration")],
  ["net0", "virtio,e1000", "invalid format - duplicate key in comma-separated list property: model"],
  ["net0", "virtio,tag=1,tag=2", "invalid format - duplicate key in comma-separated list property: tag"],
  [
    "ipconfig0",
    "10.0.0.1/24",
    "invalid format - value without key, but schema does not define a default key",
  ],
  ["net0", "virtio,=5", "invalid format - missing key in comma-separated list property"],
];

test.each(WRONG_TEXTS)("%s: %s", async (option, value, text) => {
  const answer = await api.post("/nodes/pve1/qemu", { vmid: 100, [option]: value });
  expect(answer).toMatchObject({ status: 400, errors: { [option]: text } });
});

test("several mistakes in one string, and in several, come together", async () => {
  const answer = await api.post("/nodes/pve1/qemu", {
    vmid: 100,
    net0: "virtio,tag=5000,queues=65",
    memory: 8,
  });
  expect(answer.errors).toEqual({
    net0:
      "invalid format - format error\nnet0.tag: value must have a maximum value of 4094\n" +
      "net0.queues: value must have a maximum value of 64\n",
    memory: "invalid format - format error\nmemory.current: value must have a minimum value of 16\n",
  });
});

test.each<[string, Form]>([
  ["queues=0", { net0: "virtio,bridge=vmbr0,queues=0" }],
  [
    "a MAC address in either case and form",
    { net0: "virtio=BC:24:11:00:00:01", net1: "model=e1000,macaddr=bc:24:11:00:00:02" },
  ],
  [
    "every part of a NIC",
    { net0: "virtio,bridge=vmbr0.5,firewall=1,link_down=0,mtu=1450,rate=12.5,tag=4094,trunks=1-5;7" },
  ],
  [
    "words for booleans in a property string",
    { agent: "enabled=yes,fstrim_cloned_disks=off,freeze-fs-on-backup=on" },
  ],
  [
    "a disk with everything",
    {
      scsi0:
        "file=ceph:1,aio=io_uring,backup=0,cache=none,discard=on,iops_rd=10,iothread=1,replicate=0,serial=a-b%20c,ssd=1",
    },
  ],
  [
    "firmware and TPM",
    { efidisk0: "ceph:1,efitype=4m,pre-enrolled-keys=0,ms-cert=2023", tpmstate0: "ceph:1,version=v2.0" },
  ],
  ["CPU types", { cpu: "cputype=x86-64-v2-AES,flags=+aes;-pcid,hidden=1" }],
  ["a CPU type of one's own", { cpu: "custom-mine" }],
  ["machines", { machine: "pc-q35-9.2+pve1,viommu=virtio" }],
  [
    "addresses",
    { ipconfig0: "ip=dhcp,ip6=auto", ipconfig1: "ip=10.0.0.1/24,gw=10.0.0.254,ip6=fd00::1/64,gw6=fd00::ff" },
  ],
  ["a startup order", { startup: "order=1,up=30,down=60" }],
  ["a startup order without its key", { startup: "7" }],
  [
    "the rest",
    {
      vga: "serial0",
      serial0: "socket",
      watchdog: "i6300esb,action=reset",
      audio0: "device=AC97",
      rng0: "source=/dev/urandom,max_bytes=1024",
      boot: " ",
      numa0: "cpus=0-1;3,memory=512",
      hotplug: "network,disk",
      tags: "a,b_c;d.e",
    },
  ],
])("accepted: %s", async (_, form) => {
  expect(await api.task(api.post("/nodes/pve1/qemu", { vmid: 100, memory: "1024", ...form }))).toBe("OK");
  await proxmox.control.removeGuest(100);
});

test("what the program lets through at its limits is accepted", async () => {
  const nic = (mtu: number, queues: number, tag: number) =>
    `virtio,bridge=vmbr0,mtu=${mtu},queues=${queues},tag=${tag}`;
  const form = {
    vmid: VM_ID.max,
    memory: MEMORY_MIB.min,
    net0: nic(MTU.max, QUEUES.max, VLAN.max),
    net1: nic(MTU.min, QUEUES.min, VLAN.min),
    scsi0: `ceph:1,serial=${"A_.-9".repeat(4)}`,
    startup: `order=${STARTUP.max},up=${STARTUP.max}`,
    tags: "_a.b-c+d",
    cores: CORES.max,
    sockets: SOCKETS.max,
  };
  expect(DISK_SERIAL.regex.test("A_.-9".repeat(4)) && TAG.regex.test(form.tags)).toBe(true);
  expect(await api.task(api.post("/nodes/pve1/qemu", form))).toBe("OK");
  await proxmox.control.removeGuest(VM_ID.max);
});

test("an update is checked in the same way", async () => {
  await api.task(api.post("/nodes/pve1/qemu", { vmid: 100 }));
  const answer = await api.put("/nodes/pve1/qemu/100/config", { net0: "virtio,tag=5000" });
  expect(answer).toMatchObject({ status: 400, errors: { net0: expect.stringContaining("net0.tag: ") } });
  await proxmox.control.removeGuest(100);
});
