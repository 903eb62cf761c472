export { CloudflareProvider, type CloudflareProviderConfig } from "@cdktf/provider-cloudflare/lib/provider";
