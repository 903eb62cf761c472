/** Why `value` is not an https URL; undefined if it is one. */
export function httpsUrlProblem(value: string): string | undefined {
  return isUrl(value, ["https:"])
    ? undefined
    : "is not an https URL; write it like https://pve.example.com:8006";
}

/** Why `value` is not the address of a Kubernetes API; undefined if it is one. */
export function apiEndpointProblem(value: string): string | undefined {
  const isEndpoint = isUrl(value, ["https:"]) && /^https:\/\/[^/?#]+:\d+\/?$/.test(value);
  return isEndpoint
    ? undefined
    : "is not the URL of a Kubernetes API, with its port; write it like https://k8s.example.com:6443";
}

/** Why `value` is not the address of a registry; undefined if it is one. A mirror in one's own network may have no certificate. */
export function registryUrlProblem(value: string): string | undefined {
  return isUrl(value, ["https:", "http:"])
    ? undefined
    : "is not a URL; write it like https://mirror.example.com";
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
