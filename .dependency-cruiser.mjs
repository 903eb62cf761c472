// Who may import whom, for `npm run lint`. The table "Layout" of docs/design.md is the source: a row names a place and
// the places that it may import. This file turns the rows into rules.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const read = (file) => readFileSync(fileURLToPath(new URL(file, import.meta.url)), "utf8");

/** The places in a cell of the table: `name/` is a folder with all below it, `name.ts` one file. */
const placesIn = (cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, place]) => place);

const rows = [...read("docs/design.md").matchAll(/^\| `([^`]+)` +\|[^|]+\|([^|]*)\|$/gm)].map(
  ([, place, allowed]) => ({ place, allowed: allowed.trim() }),
);

const escaped = (text) => text.replaceAll(/[.\\+*?^$()[\]{}|]/g, "\\$&");
const pattern = (place) => `^${escaped(place)}${place.endsWith("/") ? "" : "$"}`;

/** Found by nobody here: the modules of the Workers runtime, and the package as its consumers import it. */
const OUTSIDE = "^(cloudflare:|cdktf-proxmox-talos(/|$))";

const layers = rows
  .filter(({ allowed }) => allowed !== "anything")
  .map(({ place, allowed }) => ({
    name: `${place} imports ${placesIn(allowed).join(", ") || "nothing of ours"}`,
    severity: "error",
    from: { path: pattern(place) },
    to: {
      pathNot: [...[place, ...placesIn(allowed)].map(pattern), "^node_modules/", OUTSIDE],
      dependencyTypesNot: ["core"],
    },
  }));

const packagesOf = (file) => {
  const { dependencies = {}, devDependencies = {}, peerDependencies = {} } = JSON.parse(read(file));
  return Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies });
};
const ownPackages = packagesOf("package.json");
const standInPackages = packagesOf("stand-ins/package.json").filter((name) => !ownPackages.includes(name));

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    { name: "no circle", severity: "error", from: {}, to: { circular: true } },
    {
      name: "every import is found",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: OUTSIDE },
    },
    ...layers,
    {
      name: "domain/ has no zod and no CDKTF",
      severity: "error",
      from: { path: "^domain/" },
      to: { path: "^node_modules/(zod|cdktf|constructs)/" },
    },
    {
      name: "domain/ has no Node API",
      severity: "error",
      from: { path: "^domain/" },
      to: { dependencyTypes: ["core"] },
    },
    {
      // They are not there where it is installed. A peer is, or the command that lacks it says so.
      name: "what is packed needs no devDependencies",
      severity: "error",
      from: {
        path: "^((main|index|cloudflare|fast-synth)\\.ts$|(cli|init|domain|config|process|toolchain|state|bootstrap|plan|proxmox|ansible|doctor|talos|github|topology)/)",
        pathNot: "^cli/config-schema\\.ts$",
      },
      to: {
        path: "^node_modules/",
        dependencyTypes: ["npm-dev"],
        dependencyTypesNot: ["npm-peer", "type-only"],
      },
    },
    {
      name: "packages of stand-ins/package.json are for stand-ins and tests",
      severity: "error",
      from: { pathNot: "^(stand-ins|bench|__tests__)/" },
      to: { path: standInPackages.map((name) => `^node_modules/${escaped(name)}/`) },
    },
  ],
  options: {
    doNotFollow: { path: "(^|/)node_modules/" },
    exclude: {
      path: "^(\\.gen|\\.local|\\.bootstrap|dist|worker/dist|site/\\.vitepress/(dist|cache)|cdktf\\.out)/",
    },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: [".ts", ".tsx", ".mjs", ".js", ".json", ".d.ts"],
      conditionNames: ["import", "require", "node", "types"],
      exportsFields: ["exports"],
    },
  },
};
