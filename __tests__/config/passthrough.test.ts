import { append, edit, parse, problemsOf, replace } from "./support/cluster";

const workerOf = (...lines: readonly string[]) => parse(edit(append(...lines))).config.nodes[3];

test("devices that the file does not name are left as they are; an empty list detaches them", () => {
  expect(workerOf()).toMatchObject({ pciDevices: undefined, usbDevices: undefined });
  expect(workerOf("    pci: []", "    usb: []")).toMatchObject({ pciDevices: [], usbDevices: [] });
});

test("USB devices have a mapping, and are not USB 3 unless that is said", () => {
  expect(workerOf("    usb: [{ mapping: zigbee }, { mapping: z-wave, usb3: true }]")?.usbDevices).toEqual([
    { mapping: "zigbee", usb3: false },
    { mapping: "z-wave", usb3: true },
  ]);
});

test("what Proxmox or the provider would not take is refused", () => {
  const usb = (...mappings: string[]) =>
    `    usb: [${mappings.map((mapping) => `{ mapping: ${mapping} }`).join(", ")}]`;
  expect(problemsOf(edit(append(usb("aa", "bb", "cc", "dd", "ee"))))).toEqual([
    "cluster.yaml:30: nodes[3].usb is a list of more than 4; shorten it",
  ]);
  expect(problemsOf(edit(append('    usb: [{ mapping: "1-2" }, { maping: x }]')))).toEqual([
    "cluster.yaml:30: nodes[3].usb[0].mapping 1-2 is not the name of a resource mapping; use two or more of A-Z, a-z, 0-9, - and _, with a letter first",
    "cluster.yaml:30: nodes[3].usb[1].mapping is missing; add it, for example zigbee",
    "cluster.yaml:30: nodes[3].usb[1].maping is not a known key; did you mean mapping?",
  ]);
});

test("a USB device is for one VM on its host", () => {
  const first = replace("vm_id: 101\n", "vm_id: 101\n    usb: [{ mapping: zigbee }]\n");
  const last = append("    usb: [{ mapping: zigbee }]");
  expect(problemsOf(edit(first, last))).toEqual([
    'cluster.yaml:31: nodes[3].usb[0].mapping zigbee is already used by "cp-1" on the same host; a mapping has one device there',
  ]);
  expect(problemsOf(edit(first, last, append("    proxmox_node: pve2")))).toEqual([]);
});
