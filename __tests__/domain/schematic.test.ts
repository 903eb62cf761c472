import { schematicId, schematicYaml, secureBootObstacle } from "../../domain/schematic";

/** IDs that the image factory itself gives: https://www.talos.dev/latest/learn-more/image-factory/ */
test.each([
  ["vanilla", {}, "376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba"],
  [
    "QEMU guest agent",
    { extensions: ["siderolabs/qemu-guest-agent"] },
    "ce4c980550dd2ab1b17bbf2b08801c7eb59418eafe8f279833297925d67c7515",
  ],
])("%s has the factory's ID", (_, schematic, id) => {
  expect(schematicId(schematic)).toBe(id);
});

test("is written as Go's yaml.v3 writes it", () => {
  expect(
    schematicYaml({
      overlay: { name: "rpi_generic", image: "siderolabs/sbc-raspberrypi" },
      kernelArgs: ["-console", "console=ttyS0,115200", 'dyndbg="file drivers/* +p"', `a=${"x".repeat(200)}`],
      extensions: ["siderolabs/iscsi-tools", "siderolabs/util-linux-tools"],
      bootloader: "sd-boot",
    }),
  ).toBe(
    [
      "overlay:",
      "    image: siderolabs/sbc-raspberrypi",
      "    name: rpi_generic",
      "customization:",
      "    extraKernelArgs:",
      "        - -console",
      "        - console=ttyS0,115200",
      '        - dyndbg="file drivers/* +p"',
      `        - a=${"x".repeat(200)}`,
      "    systemExtensions:",
      "        officialExtensions:",
      "            - siderolabs/iscsi-tools",
      "            - siderolabs/util-linux-tools",
      "    bootloader: sd-boot",
      "",
    ].join("\n"),
  );
});

test.each(["yes", "off", "~", "1", "", "a=b\nc", "a b", "a=", "-", "key: value"])(
  "refuses kernel argument %j, which would hash to another ID or boot to nothing",
  (argument) => {
    expect(() => schematicId({ kernelArgs: [argument] })).toThrow(
      `kernel argument "${argument}" is not a kernel argument; write name`,
    );
  },
);

test("refuses an extension without its owner", () => {
  expect(() => schematicId({ extensions: ["iscsi-tools"] })).toThrow(
    'extension "iscsi-tools" is not an extension; write it like siderolabs/qemu-guest-agent',
  );
});

test.each([
  [{}, undefined],
  [{ bootloader: "sd-boot" as const }, undefined],
  [{ bootloader: "grub" as const }, 'bootloader "grub" is not signed; use sd-boot or leave it out'],
  [{ overlay: { name: "rpi", image: "x" } }, 'overlay "rpi" replaces the signed boot chain; leave it out'],
])("Secure Boot with %j", (schematic, obstacle) => {
  expect(secureBootObstacle(schematic)).toBe(obstacle);
});
