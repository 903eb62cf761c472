import fc from "fast-check";
import { derivedVmId } from "../../domain/derived-vm-id";
import { Address } from "../../domain/ip";
import { isInRange } from "../../domain/range";
import { VM_ID } from "../../domain/virtual-machine";

const idOf = (address: string) => derivedVmId(Address.parse(address));

test.each([
  ["10.20.7.187", 1_007_187],
  ["10.20.0.5", 1_000_005],
  ["192.168.255.254", 1_255_254],
  ["fd00:1::11", 200_017],
  ["fd00:1::ffff", 265_535],
])("the VM of %s has the id %i", (address, id) => {
  expect(idOf(address)).toBe(id);
});

test("every address gives an id that Proxmox accepts, and two in one /16 never the same", () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
      if (Address.isValid(address)) expect(isInRange(idOf(address), VM_ID)).toBe(true);
    }),
  );
  const byte = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(byte, byte, byte, byte, (a, b, c, d) => {
      expect(idOf(`10.1.${a}.${b}`) === idOf(`10.1.${c}.${d}`)).toBe(a === c && b === d);
    }),
  );
});
