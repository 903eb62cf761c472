import { createHash } from "node:crypto";
import { failure, parameterError } from "../api/errors";
import { DIGEST } from "../api/parameters";
import { anyCaller, oneOf, requires } from "../api/permission";
import { parsePropertyString } from "../api/property-string";
import { type Route, route } from "../api/route";
import type { Cluster } from "../cluster";
import type { PciMapping } from "../model";

const settings = {
  description: { type: "string", maxLength: 4096 },
  mdev: { type: "boolean" },
  "live-migration-capable": { type: "boolean" },
} as const;

const mayRead = oneOf(
  requires("/mapping/pci/{id}", "Mapping.Use"),
  requires("/mapping/pci/{id}", "Mapping.Modify"),
  requires("/mapping/pci/{id}", "Mapping.Audit"),
);

export const mappingRoutes: readonly Route[] = [
  route({
    method: "GET",
    template: "/cluster/mapping/pci",
    parameters: { "check-node": { type: "string" } },
    permission: anyCaller,
    handle: ({ cluster, caller, params }) =>
      Object.entries(cluster.state.pciMappings)
        .filter(([id]) =>
          (["Mapping.Use", "Mapping.Modify", "Mapping.Audit"] as const).some((privilege) =>
            cluster.access.allows(caller, `/mapping/pci/${id}`, privilege),
          ),
        )
        .map(([id, mapping]) => ({
          id,
          ...print(cluster, mapping),
          ...(params["check-node"] === undefined ? {} : { checks: checks(mapping, params["check-node"]) }),
        })),
  }),
  route({
    method: "POST",
    template: "/cluster/mapping/pci",
    parameters: {
      ...settings,
      id: { type: "string", required: true, pattern: "[A-Za-z][A-Za-z0-9\\-_]+" },
      map: { type: "array", required: true },
    },
    permission: requires("/mapping/pci", "Mapping.Modify"),
    handle: ({ cluster, params: { id, map, ...rest } }) => {
      if (cluster.state.pciMappings[id]) throw failure(`pci ID '${id}' already defined`);
      cluster.state.pciMappings[id] = { ...rest, map: checked(map) };
      return null;
    },
  }),
  route({
    method: "GET",
    template: "/cluster/mapping/pci/{id}",
    permission: mayRead,
    handle: ({ cluster, path }) => print(cluster, find(cluster, path.id)),
  }),
  route({
    method: "PUT",
    template: "/cluster/mapping/pci/{id}",
    parameters: { ...settings, map: { type: "array" }, delete: { type: "string" }, digest: DIGEST },
    permission: requires("/mapping/pci/{id}", "Mapping.Modify"),
    handle: ({ cluster, path, params: { map, delete: removed, digest: _digest, ...rest } }) => {
      const mapping = find(cluster, path.id);
      Object.assign(mapping, rest);
      if (map !== undefined) mapping.map = checked(map);
      for (const name of removed?.split(",") ?? []) delete mapping[name as keyof Omit<PciMapping, "map">];
      return null;
    },
  }),
  route({
    method: "DELETE",
    template: "/cluster/mapping/pci/{id}",
    permission: requires("/mapping/pci", "Mapping.Modify"),
    handle: ({ cluster, path }) => {
      delete cluster.state.pciMappings[path.id];
      return null;
    },
  }),
];

function find(cluster: Cluster, id: string): PciMapping {
  const mapping = cluster.state.pciMappings[id];
  if (!mapping) throw failure(`mapping '${id}' not found`);
  return mapping;
}

/** The entries as they were given. @throws ApiError 400 */
function checked(map: readonly string[]): readonly string[] {
  for (const entry of map) {
    const { options } = parsePropertyString(entry);
    for (const name of ["node", "path", "id"]) {
      if (options[name] === undefined) {
        throw parameterError({ map: `${name}: property is missing and it is not optional` });
      }
    }
  }
  return map;
}

const print = (cluster: Cluster, { mdev, ...mapping }: PciMapping) => ({
  type: "pci",
  ...mapping,
  "live-migration-capable": mapping["live-migration-capable"] ? 1 : 0,
  ...(mdev === undefined ? {} : { mdev: mdev ? 1 : 0 }),
  digest: createHash("sha1").update(JSON.stringify(cluster.state.pciMappings)).digest("hex"),
});

const checks = ({ map }: PciMapping, node: string) =>
  map.some((entry) => entry.split(",").includes(`node=${node}`))
    ? []
    : [{ severity: "warning", message: `No mapping for node ${node}.` }];
