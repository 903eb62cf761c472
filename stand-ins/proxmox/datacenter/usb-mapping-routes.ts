import { createHash } from "node:crypto";
import type { Privilege } from "../access/privileges";
import { failure, parameterError } from "../api/errors";
import { DIGEST } from "../api/parameters";
import { anyCaller, oneOf, requires } from "../api/permission";
import { parsePropertyString } from "../api/property-string";
import { type Route, route } from "../api/route";
import type { Cluster } from "../cluster";
import type { UsbMapping } from "../model";

const READERS: readonly Privilege[] = ["Mapping.Audit", "Mapping.Use", "Mapping.Modify"];
const ID = { type: "string", required: true, pattern: "[A-Za-z][A-Za-z0-9\\-_]+" } as const;
const description = { type: "string", maxLength: 4096 } as const;

/** @see https://pve.proxmox.com/pve-docs/api-viewer/index.html#/cluster/mapping/usb */
export const usbMappingRoutes: readonly Route[] = [
  route({
    method: "GET",
    template: "/cluster/mapping/usb",
    parameters: { "check-node": { type: "string" } },
    permission: anyCaller,
    handle: ({ cluster, caller }) =>
      Object.entries(mappings(cluster))
        .filter(([id]) =>
          READERS.some((privilege) => cluster.access.allows(caller, `/mapping/usb/${id}`, privilege)),
        )
        .map(([id, mapping]) => ({ id, ...print(cluster, mapping) })),
  }),
  route({
    method: "POST",
    template: "/cluster/mapping/usb",
    parameters: { id: ID, description, map: { type: "array", required: true } },
    permission: requires("/mapping/usb", "Mapping.Modify"),
    handle: ({ cluster, params: { id, map, ...rest } }) => {
      if (mappings(cluster)[id]) throw failure(`usb ID '${id}' already defined`);
      mappings(cluster)[id] = { ...rest, map: checked(map) };
      return null;
    },
  }),
  route({
    method: "GET",
    template: "/cluster/mapping/usb/{id}",
    permission: oneOf(...READERS.map((privilege) => requires("/mapping/usb/{id}", privilege))),
    handle: ({ cluster, path }) => print(cluster, find(cluster, path.id)),
  }),
  route({
    method: "PUT",
    template: "/cluster/mapping/usb/{id}",
    parameters: { description, map: { type: "array" }, delete: { type: "string" }, digest: DIGEST },
    permission: requires("/mapping/usb/{id}", "Mapping.Modify"),
    handle: ({ cluster, path, params }) => {
      const mapping = find(cluster, path.id);
      if (params.digest !== undefined && params.digest !== digest(cluster)) {
        throw failure("detected modified configuration - file changed by other user? Try again.");
      }
      if (params.description !== undefined) mapping.description = params.description;
      if (params.map !== undefined) mapping.map = checked(params.map);
      if (params.delete?.split(",").includes("description")) delete mapping.description;
      return null;
    },
  }),
  route({
    method: "DELETE",
    template: "/cluster/mapping/usb/{id}",
    permission: requires("/mapping/usb", "Mapping.Modify"),
    handle: ({ cluster, path }) => {
      delete mappings(cluster)[path.id];
      return null;
    },
  }),
];

function mappings({ state }: Cluster): Record<string, UsbMapping> {
  state.usbMappings ??= {};
  return state.usbMappings;
}

function find(cluster: Cluster, id: string): UsbMapping {
  const mapping = mappings(cluster)[id];
  if (!mapping) throw failure(`mapping '${id}' not found`);
  return mapping;
}

/** The entries of a map, as they were given. @throws ApiError 400 */
function checked(map: readonly string[]): readonly string[] {
  for (const entry of map) {
    const { node, id } = parsePropertyString(entry).options;
    if (node === undefined) throw parameterError({ map: "node: property is missing and it is not optional" });
    if (id === undefined) throw parameterError({ map: "id: property is missing and it is not optional" });
    if (!/^[0-9A-Fa-f]{4}:[0-9A-Fa-f]{4}$/.test(id)) {
      throw parameterError({
        map: "invalid format - format error\nmap.id: value does not match the regex pattern",
      });
    }
  }
  return map;
}

const print = (cluster: Cluster, mapping: UsbMapping) => ({
  type: "usb",
  ...mapping,
  digest: digest(cluster),
});

const digest = (cluster: Cluster): string =>
  createHash("sha1")
    .update(JSON.stringify(mappings(cluster)))
    .digest("hex");
