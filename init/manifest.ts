import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../process/package-root";

type Versions = Readonly<Record<string, string>>;

/** What this package knows of versions: those that it is tested with. */
interface OwnManifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Versions;
  readonly devDependencies: Versions;
}

export const ownManifest = (): OwnManifest =>
  JSON.parse(readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8")) as OwnManifest;

/** Packages that a project needs beside this one. Node is pinned, since cdktf does not run on every version. */
const NEEDED = [
  "@cdktf/provider-cloudflare",
  "@types/node",
  "cdktf",
  "cdktf-cli",
  "constructs",
  "miniflare",
  "node",
];

export interface ManifestProps {
  readonly name: string;
  /** Names of the commands, which become npm scripts. */
  readonly commands: readonly string[];
}

/** `package.json` of a new project. */
export function manifest({ name, commands }: ManifestProps): string {
  const own = ownManifest();
  const tested: Versions = { ...own.dependencies, ...own.devDependencies };
  const project = {
    name,
    private: true,
    type: "module",
    engines: { node: ">=22.18" },
    scripts: Object.fromEntries(commands.map((command) => [command, `${own.name} ${command}`])),
    dependencies: {
      ...Object.fromEntries(NEEDED.map((each) => [each, tested[each] ?? ""])),
      [own.name]: own.version,
    },
    // npm 12 asks before it runs these.
    allowScripts: { node: true },
  };
  return `${JSON.stringify(project, null, 2)}\n`;
}

/** The command that installs the same into a project that has a `package.json`. */
export function installCommand(): string {
  const { dependencies } = JSON.parse(manifest({ name: "", commands: [] })) as {
    readonly dependencies: Versions;
  };
  const packages = Object.entries(dependencies).map(([name, version]) => `${name}@${version}`);
  return `npm install --save-exact ${packages.join(" ")}`;
}
