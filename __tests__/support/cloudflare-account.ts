/** The id of an account that Cloudflare never gave to anybody. */
export const ACCOUNT = "0123456789abcdef0123456789abcdef";
