import type { ClusterConfig, NodeConfig } from "../config";
import { talosApiEndpoints } from "../config/node-variables";
import { closestWord } from "../config/spelling";
import { installerImage } from "../domain/installer";
import { schematicId } from "../domain/schematic";
import type { NodeRole } from "../domain/talos";
import { TalosError } from "./errors";

/** Port of the Talos API. */
const API_PORT = 50_000;

/** A node as `cluster.yaml` wants it. Nothing here was asked of the node. */
export interface TalosNode {
  readonly name: string;
  readonly role: NodeRole;
  readonly address: string;
  /** Host and port of its Talos API: port 50000 of the address, or what TALOS_API_ENDPOINTS says. */
  readonly apiEndpoint: string;
  /** The release that it is to run, with its `v`. */
  readonly talosVersion: string;
  readonly schematicId: string;
  /** The installer of that release, with that schematic. */
  readonly installerImage: string;
}

/** The variables that say where nodes are reached. */
export interface NodeEnvironment {
  readonly TALOS_API_ENDPOINTS?: string;
}

/**
 * The nodes of a cluster: its control planes, then its workers, each in the order of the file.
 * @throws ConfigError if TALOS_API_ENDPOINTS is not right
 */
export function talosNodes(config: ClusterConfig, env: NodeEnvironment): readonly TalosNode[] {
  const endpoints = talosApiEndpoints(env.TALOS_API_ENDPOINTS, [{ config }]);
  const nodes = config.nodes.map((node) => talosNode(node, config.talosVersion, endpoints.get(node.name)));
  return [...nodes.filter(isControlPlane), ...nodes.filter((node) => !isControlPlane(node))];
}

export const isControlPlane = ({ role }: Pick<TalosNode, "role">): boolean => role === "controlplane";

/** @throws TalosError if no node has this name */
export function nodeNamed(nodes: readonly TalosNode[], name: string): TalosNode {
  const found = nodes.find((node) => node.name === name);
  if (found) return found;
  const names = nodes.map((node) => node.name);
  const meant = closestWord(name, names);
  throw new TalosError(
    `"${name}" is no node of this cluster; ${meant ? `did you mean ${meant}?` : `use one of ${names.join(", ")}`}`,
  );
}

function talosNode(node: NodeConfig, talosVersion: string, apiEndpoint?: string): TalosNode {
  const { name, role, address, schematic, secureBoot } = node;
  const id = "id" in schematic ? schematic.id : schematicId(schematic);
  return {
    name,
    role,
    address,
    apiEndpoint: apiEndpoint ?? `${address.includes(":") ? `[${address}]` : address}:${API_PORT}`,
    talosVersion,
    schematicId: id,
    installerImage: installerImage({ schematicId: id, secureBoot }, talosVersion),
  };
}
