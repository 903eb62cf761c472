import { createPrivateKey, createPublicKey } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isTaken } from "../free-port";
import { issueCertificate, type KeyPair } from "../talos/pki/issue";
import { KubernetesApi } from "./api";
import { freePort, Program, untilReady } from "./program";

export interface KubernetesPrograms {
  /** The path of etcd. */
  readonly etcd: string;
  /** The path of kube-apiserver. */
  readonly kubeApiserver: string;
}

/** What the machine config of a control plane node says about Kubernetes. */
export interface ControlPlaneSettings {
  /** `https://10.20.1.10:6443` */
  readonly endpoint: string;
  readonly ca: KeyPair;
  /** Further CAs whose client certificates are valid, PEM. */
  readonly acceptedCas: readonly string[];
  readonly etcdCa: KeyPair;
  /** The private key that signs the tokens of service accounts, PEM. */
  readonly serviceAccountKey: string;
  /** One, or one for each of IPv4 and IPv6. */
  readonly serviceSubnets: readonly string[];
  /** Further names and addresses of the API's certificate. */
  readonly certSans: readonly string[];
}

/** How long its certificates are valid. New ones are issued at each start. */
const VALID_DAYS = 1;

/** etcd and kube-apiserver: one of each for a cluster, however many control plane nodes it has. */
export class ControlPlane {
  private constructor(
    /** The port of the API on 127.0.0.1. */
    readonly port: number,
    readonly api: KubernetesApi,
    private readonly programs: readonly Program[],
  ) {}

  /**
   * Starts them, and waits until the API is ready.
   * @param folder keeps the data of etcd, and the certificates and keys
   * @throws where one of them ends, or a key of the settings cannot be used
   */
  static async start(
    programs: KubernetesPrograms,
    settings: ControlPlaneSettings,
    folder: string,
    signal: AbortSignal,
  ): Promise<ControlPlane> {
    for (;;) {
      try {
        return await ControlPlane.startOnce(programs, settings, new Files(folder), signal);
      } catch (error) {
        // Between the moment that a port was found free and that in which it was opened, somebody else took it.
        if (!isTaken(error)) throw error;
      }
    }
  }

  private static async startOnce(
    { etcd, kubeApiserver }: KubernetesPrograms,
    settings: ControlPlaneSettings,
    files: Files,
    signal: AbortSignal,
  ): Promise<ControlPlane> {
    const admin = await client(settings.ca, "stand-in", ["system:masters"]);
    const [etcdPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
    const programs = [
      new Program("etcd", etcd, await etcdArgs(settings, files, etcdPort, peerPort)),
      new Program("kube-apiserver", kubeApiserver, await apiserverArgs(settings, files, etcdPort, port)),
    ];
    const api = new KubernetesApi(`https://127.0.0.1:${port}`, settings.ca.crt, admin);
    const running = new ControlPlane(port, api, programs);
    try {
      await untilReady(() => isReady(api), programs, signal);
      return running;
    } catch (error) {
      await running.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.api.close();
    // kube-apiserver first: it would wait for an etcd that is gone.
    for (const program of [...this.programs].reverse()) await program.stop();
  }
}

/** It says that it is ready before it has made these namespaces. */
async function isReady(api: KubernetesApi): Promise<boolean> {
  if (!(await api.isReady())) return false;
  const found = await Promise.all(
    ["default", "kube-system"].map((name) => api.find(`/api/v1/namespaces/${name}`)),
  );
  return !found.includes(undefined);
}

/** Writes what the programs read. */
class Files {
  constructor(readonly folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  write(name: string, content: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  }

  /** @returns the two options that name a certificate and its key */
  pair(name: string, { crt, key }: KeyPair, crtOption: string, keyOption: string): readonly string[] {
    return [
      `${crtOption}=${this.write(`${name}.crt`, crt)}`,
      `${keyOption}=${this.write(`${name}.key`, key)}`,
    ];
  }
}

async function etcdArgs(
  { etcdCa }: ControlPlaneSettings,
  files: Files,
  port: number,
  peerPort: number,
): Promise<readonly string[]> {
  const [url, peerUrl] = [`https://127.0.0.1:${port}`, `http://127.0.0.1:${peerPort}`];
  return [
    ...["--name=stand-in", `--data-dir=${join(files.folder, "etcd")}`, "--log-level=warn"],
    ...[`--listen-client-urls=${url}`, `--advertise-client-urls=${url}`],
    // A member that is alone has no peers, but must name a port for them.
    ...[`--listen-peer-urls=${peerUrl}`, `--initial-advertise-peer-urls=${peerUrl}`],
    `--initial-cluster=stand-in=${peerUrl}`,
    ...files.pair("etcd", await server(etcdCa, ["127.0.0.1"]), "--cert-file", "--key-file"),
    ...["--client-cert-auth", `--trusted-ca-file=${files.write("etcd-ca.crt", etcdCa.crt)}`],
    // The gateway would need a client certificate of its own.
    ...["--enable-grpc-gateway=false", "--unsafe-no-fsync"],
  ];
}

async function apiserverArgs(
  settings: ControlPlaneSettings,
  files: Files,
  etcdPort: number,
  port: number,
): Promise<readonly string[]> {
  const { endpoint, ca, acceptedCas, etcdCa, certSans, serviceSubnets } = settings;
  const host = new URL(endpoint).hostname.replace(/^\[|\]$/g, "");
  const names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost"];
  const serving = await server(ca, ["127.0.0.1", host, ...certSans, ...names]);
  const tokens = tokenKeys(settings.serviceAccountKey);
  const isIpv6 = serviceSubnets[0]?.includes(":");
  return [
    ...["--bind-address=127.0.0.1", `--secure-port=${port}`],
    // Nobody is told this address, but it must be of the family of the services.
    ...[`--advertise-address=${isIpv6 ? "2001:db8::1" : "192.0.2.1"}`, "--endpoint-reconciler-type=none"],
    ...files.pair("apiserver", serving, "--tls-cert-file", "--tls-private-key-file"),
    `--client-ca-file=${files.write("ca.crt", [ca.crt, ...acceptedCas].join("\n"))}`,
    `--etcd-servers=https://127.0.0.1:${etcdPort}`,
    `--etcd-cafile=${join(files.folder, "etcd-ca.crt")}`,
    ...files.pair(
      "etcd-client",
      await client(etcdCa, "kube-apiserver", []),
      "--etcd-certfile",
      "--etcd-keyfile",
    ),
    `--service-account-issuer=${endpoint}`,
    `--service-account-key-file=${files.write("service-account.pub", tokens.publicKey)}`,
    `--service-account-signing-key-file=${files.write("service-account.key", tokens.privateKey)}`,
    `--service-cluster-ip-range=${serviceSubnets.join(",")}`,
    ...["--authorization-mode=Node,RBAC", "--anonymous-auth=false", "--allow-privileged=true"],
    // Without a controller manager, no namespace gets its service account, and no pod could be made.
    ...["--enable-admission-plugins=NodeRestriction", "--disable-admission-plugins=ServiceAccount"],
  ];
}

/** kube-apiserver reads no PKCS #8, which other tools make. @throws where it is no key */
function tokenKeys(pem: string): { readonly publicKey: string; readonly privateKey: string } {
  try {
    const key = createPrivateKey(pem);
    const type = key.asymmetricKeyType === "rsa" ? "pkcs1" : "sec1";
    return {
      publicKey: createPublicKey(key).export({ format: "pem", type: "spki" }).toString(),
      privateKey: key.export({ format: "pem", type }).toString(),
    };
  } catch (error) {
    throw new Error(`.cluster.serviceAccount.key is no key: ${(error as Error).message}`, { cause: error });
  }
}

function server(ca: KeyPair, sans: readonly string[]): Promise<KeyPair> {
  const isAddress = (name: string) => /^[\d.]+$|:/.test(name);
  return issueCertificate(ca, {
    keyKind: "p256",
    usage: "server",
    commonName: "stand-in",
    ipAddresses: [...new Set(sans.filter(isAddress))],
    dnsNames: [...new Set(sans.filter((name) => !isAddress(name)))],
    validDays: VALID_DAYS,
  });
}

const client = (ca: KeyPair, commonName: string, organizations: readonly string[]): Promise<KeyPair> =>
  issueCertificate(ca, {
    keyKind: "p256",
    usage: "client",
    commonName,
    organizations,
    validDays: VALID_DAYS,
  });
