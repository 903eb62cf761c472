/** Where the secrets of Talos are kept: in the state, which is encrypted, or in a file that sops has encrypted. */
export const SECRETS_PLACES = ["in-state", "out-of-state"] as const;
export type SecretsPlace = (typeof SECRETS_PLACES)[number];

/** The file beside `cluster.yaml` with the secrets that are out of the state: that of `talosctl gen secrets`, encrypted by sops. */
export const TALOS_SECRETS_FILE = "talos-secrets.sops.yaml";

/** The resource of the provider that has them in the state, and its address in the stack of a cluster. */
export const TALOS_SECRETS_TYPE = "talos_machine_secrets";
export const TALOS_SECRETS_ADDRESS = `${TALOS_SECRETS_TYPE}.cluster`;

/** The variables of a stack that get them. OpenTofu keeps the first one in memory only. */
export const TALOS_SECRETS_VARIABLE = "talos_secrets";
export const TALOS_HASH_VARIABLE = "talos_secrets_sha256";

/** The environment variables that they come from. */
export const TF_VAR_TALOS_SECRETS = `TF_VAR_${TALOS_SECRETS_VARIABLE}`;
export const TF_VAR_TALOS_HASH = `TF_VAR_${TALOS_HASH_VARIABLE}`;

/** What to do where they are missing. */
export const HOW_TO_MAKE_SECRETS = `for a new cluster, make them: npm run secrets -- talos. of a cluster that runs, take ${TALOS_SECRETS_FILE} from git`;

/** A certificate and its key, each PEM in base64. */
interface KeyPair {
  readonly crt: string;
  readonly key: string;
}

/** All secrets of a cluster, as `talosctl gen secrets` writes them. */
export interface SecretsBundle {
  readonly cluster: { readonly id: string; readonly secret: string };
  readonly secrets: {
    readonly bootstraptoken: string;
    readonly secretboxencryptionsecret?: string;
    /** From before Talos 1.3. */
    readonly aescbcencryptionsecret?: string;
  };
  readonly trustdinfo: { readonly token: string };
  readonly certs: {
    readonly etcd: KeyPair;
    readonly k8s: KeyPair;
    readonly k8saggregator: KeyPair;
    readonly k8sserviceaccount: { readonly key: string };
    readonly os: KeyPair;
  };
}

interface ProviderKeyPair {
  readonly cert: string;
  readonly key: string;
}

/** The same as the provider's attribute `machine_secrets`. */
export interface MachineSecretsValue {
  readonly cluster: SecretsBundle["cluster"];
  readonly secrets: {
    readonly bootstrap_token: string;
    readonly secretbox_encryption_secret: string;
    readonly aescbc_encryption_secret?: string;
  };
  readonly trustdinfo: SecretsBundle["trustdinfo"];
  readonly certs: {
    readonly etcd: ProviderKeyPair;
    readonly k8s: ProviderKeyPair;
    readonly k8s_aggregator: ProviderKeyPair;
    readonly k8s_serviceaccount: { readonly key: string };
    readonly os: ProviderKeyPair;
  };
}

/** The secrets as the provider wants them. */
export function machineSecretsOf({
  cluster,
  secrets,
  trustdinfo,
  certs,
}: SecretsBundle): MachineSecretsValue {
  const pair = ({ crt: cert, key }: KeyPair): ProviderKeyPair => ({ cert, key });
  const { id, secret } = cluster;
  return {
    cluster: { id, secret },
    secrets: {
      bootstrap_token: secrets.bootstraptoken,
      secretbox_encryption_secret: secrets.secretboxencryptionsecret ?? "",
      ...(secrets.aescbcencryptionsecret && { aescbc_encryption_secret: secrets.aescbcencryptionsecret }),
    },
    trustdinfo: { token: trustdinfo.token },
    certs: {
      etcd: pair(certs.etcd),
      k8s: pair(certs.k8s),
      k8s_aggregator: pair(certs.k8saggregator),
      k8s_serviceaccount: { key: certs.k8sserviceaccount.key },
      os: pair(certs.os),
    },
  };
}

/** The secrets as talosctl wants them. */
export function bundleOf({ cluster, secrets, trustdinfo, certs }: MachineSecretsValue): SecretsBundle {
  const pair = ({ cert: crt, key }: ProviderKeyPair): KeyPair => ({ crt, key });
  const { secretbox_encryption_secret: secretbox, aescbc_encryption_secret: aescbc } = secrets;
  return {
    cluster: { id: cluster.id, secret: cluster.secret },
    secrets: {
      bootstraptoken: secrets.bootstrap_token,
      ...(secretbox && { secretboxencryptionsecret: secretbox }),
      ...(aescbc && { aescbcencryptionsecret: aescbc }),
    },
    trustdinfo: { token: trustdinfo.token },
    certs: {
      etcd: pair(certs.etcd),
      k8s: pair(certs.k8s),
      k8saggregator: pair(certs.k8s_aggregator),
      k8sserviceaccount: { key: certs.k8s_serviceaccount.key },
      os: pair(certs.os),
    },
  };
}
