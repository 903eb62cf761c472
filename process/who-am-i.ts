import { hostname, userInfo } from "node:os";

/** `ada@laptop`, for others who find a lock of this process. */
export function whoAmI(): string {
  let user = process.env.USER ?? "unknown";
  try {
    user = userInfo().username;
  } catch {
    // A container's user need not have a name.
  }
  return `${user}@${hostname()}`;
}
