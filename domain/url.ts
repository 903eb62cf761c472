/** Why `value` is not an https URL; undefined if it is one. */
export function httpsUrlProblem(value: string): string | undefined {
  return isUrl(value, ["https:"])
    ? undefined
    : "is not an https URL; write it like https://pve.example.com:8006";
}

const STATE_URL_EXAMPLE = "write it like https://tfstate.example.com/states/proxmox";

/**
 * Why `value` is not the address of a state at the tfstate Worker; undefined if it is one. http is allowed only for
 * loopback addresses, for a Worker under development.
 */
export function stateUrlProblem(value: string): string | undefined {
  const isLocal = isUrl(value, ["http:"]) && isLoopback(new URL(value).hostname);
  if (!isUrl(value, ["https:"]) && !isLocal) return `is not an https URL; ${STATE_URL_EXAMPLE}`;
  if (!/^[^?#]*\/states\/[^/?#]+$/.test(value)) {
    return `does not end in /states/ and a name; ${STATE_URL_EXAMPLE}`;
  }
  return isDecodable(value)
    ? undefined
    : "has a % that encodes no character; write %25 for it, or another name";
}

function isUrl(value: string, protocols: readonly string[]): boolean {
  // OpenTofu would evaluate a template.
  if (!URL.canParse(value) || /\s|[$%]\{/.test(value)) return false;
  const url = new URL(value);
  // Credentials belong in the environment: a URL ends up in files and logs.
  return protocols.includes(url.protocol) && url.username === "" && url.password === "";
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function isDecodable(value: string): boolean {
  try {
    decodeURIComponent(value);
    return true;
  } catch {
    return false;
  }
}
