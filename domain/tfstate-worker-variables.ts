/** What the variables of the Worker that are not secret are made of. */
export interface PlainSettings {
  readonly pskNamespace?: string;
  readonly oidc?: readonly object[];
  readonly mtls?: readonly object[];
  readonly encryption?: string;
  readonly servesS3Clients?: boolean;
  readonly keepVersions?: number;
  readonly keepDays?: number;
  readonly basePath?: string;
}

/** The variables of the Worker that are not secret, by their names. What is not set is not there. */
export function plainVariables(settings: PlainSettings, domain?: string): Readonly<Record<string, string>> {
  const { oidc = [], mtls = [] } = settings;
  const values: Readonly<Record<string, string | number | undefined>> = {
    TFSTATE_PSK_NAMESPACE: settings.pskNamespace,
    TFSTATE_OIDC: oidc.length > 0 ? JSON.stringify(oidc) : undefined,
    TFSTATE_MTLS: mtls.length > 0 ? JSON.stringify(mtls) : undefined,
    TFSTATE_ENCRYPTION: settings.encryption,
    TFSTATE_S3_CLIENTS: settings.servesS3Clients === false ? "off" : undefined,
    TFSTATE_KEEP_VERSIONS: settings.keepVersions,
    TFSTATE_KEEP_DAYS: settings.keepDays,
    TFSTATE_BASE_PATH: settings.basePath,
    TFSTATE_DOMAIN: domain,
  };
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}
