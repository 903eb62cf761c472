const FOREIGN =
  /^(TF_VAR_|TF_HTTP_|TF_ENCRYPTION|TF_LOG|TF_WORKSPACE|TF_DATA_DIR|PROXMOX_VE_|AWS_|CLOUDFLARE_|STATE_|CLUSTER_CONFIG|GITHUB_|ALLOW_|HOSTS_DOWN|FORCE_COLOR)/;

/** The environment without the developer's own credentials and settings, which must not decide a test. */
export function inheritedEnv(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !FOREIGN.test(name)));
}
