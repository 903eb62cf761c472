/** The name of a resource for a node. An RFC 1123 label may start with a digit, an identifier of OpenTofu may not. */
export function logicalId(name: string): string {
  return /^\d/.test(name) ? `_${name}` : name;
}
