import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makeSbom } from "../../release/sbom";
import { ROOT } from "../support/running-program";

interface Component {
  readonly "bom-ref": string;
  readonly hashes?: readonly unknown[];
  readonly properties: readonly { readonly name: string }[];
}

interface Sbom {
  readonly bomFormat: string;
  readonly metadata: { readonly component: { readonly name: string; readonly purl: string } };
  readonly components: readonly Component[];
}
type Versions = Readonly<Record<string, string>>;
const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  readonly version: string;
  readonly dependencies: Versions;
  readonly devDependencies: Versions;
};

test("the SBOM has what is installed with the package, and nothing of its development", () => {
  const { bomFormat, metadata, components } = JSON.parse(makeSbom(ROOT)) as Sbom;
  const { name, purl } = metadata.component;
  expect({ bomFormat, name, purl }).toEqual({
    bomFormat: "CycloneDX",
    name: "cdktf-proxmox-talos",
    purl: `pkg:npm/cdktf-proxmox-talos@${manifest.version}`,
  });
  const named = components.map((each) => each["bom-ref"]);
  const asRefs = (versions: Versions) =>
    Object.entries(versions).map(([each, version]) => `${each}@${version}`);
  expect(named).toEqual(expect.arrayContaining(asRefs(manifest.dependencies)));
  // The peers that npm installs by itself.
  const peers = ["cdktf", "constructs"].map((each) => `${each}@${manifest.devDependencies[each]}`);
  expect(named).toEqual(expect.arrayContaining(peers));
  const ofDevelopment = asRefs(manifest.devDependencies).filter((each) => !peers.includes(each));
  expect(named.filter((each) => ofDevelopment.includes(each) || each.startsWith("@grpc/"))).toEqual([]);
  // Those that another one brings along are checked with it.
  const isBundled = ({ properties }: Component) => properties.some(({ name }) => name.endsWith(":bundled"));
  const unchecked = components.filter((each) => each.hashes === undefined && !isBundled(each));
  expect(unchecked.map((each) => each["bom-ref"])).toEqual([]);
});
