/** The name of a node as the name of its resources: an RFC 1123 label may start with a digit, an identifier of OpenTofu may not. */
export function logicalId(name: string): string {
  return /^\d/.test(name) ? `_${name}` : name;
}
