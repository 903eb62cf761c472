import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { parse } from "yaml";
import { refusal } from "./support/client";
import { DISKS, TestCluster } from "./support/cluster";
import { machineConfig } from "./support/machine-config";
import { clientCertificate, clusterSecrets } from "./support/secrets";

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await TestCluster.start();
});
afterEach(() => cluster.stop());

describe("maintenance", () => {
  test("anybody may read, and nobody has the permissions of an administrator", async () => {
    const client = cluster.insecure(0);
    expect((await client.unary(DISKS)).messages).toHaveLength(1);
    expect((await client.unary("Version")).messages[0].version.tag).toBe("v1.13.0");
    const notAuthorized = { code: "PERMISSION_DENIED", details: "not authorized" };
    expect(await refusal(client.unary("Bootstrap"))).toEqual(notAuthorized);
    expect(await refusal(client.unary("Reset"))).toEqual(notAuthorized);
    expect(await refusal(client.collect("Kubeconfig"))).toEqual(notAuthorized);
    expect(await refusal(client.collect("Read", { path: "/proc/version" }))).toEqual(notAuthorized);
  });

  test("it does not forward requests", async () => {
    const client = cluster.insecure(0);
    await client.unary(DISKS, {}, { node: cluster.node(0).address });
    expect(await refusal(client.unary(DISKS, {}, { node: cluster.node(1).address }))).toEqual({
      code: "PERMISSION_DENIED",
      details: "no request forwarding",
    });
  });

  test("a client that expects a certificate of the cluster cannot connect", async () => {
    expect((await refusal(cluster.secure(0).unary("Version"))).code).toBe("UNAVAILABLE");
  });
});

describe("configured", () => {
  test("it installs, boots, and then requires a client certificate of its cluster", async () => {
    const before = cluster.node(0);
    const open = cluster.insecure(0);
    await open.unary(DISKS);
    await cluster.configureControlPlane(0, "cp-1");
    const after = cluster.node(0);
    expect(after).toMatchObject({ hostname: "cp-1", version: "v1.13.2", type: "controlplane" });
    expect(after.bootId).not.toBe(before.bootId);

    // This is so for a new connection and for an existing one.
    expect((await refusal(cluster.insecure(0).unary(DISKS))).code).toBe("UNAVAILABLE");
    expect((await refusal(open.unary(DISKS))).code).toBe("UNAVAILABLE");
    const stranger = await clientCertificate(await clusterSecrets());
    expect((await refusal(cluster.secure(0, stranger).unary("Version"))).code).toBe("UNAVAILABLE");

    // This client checks the server's certificate against the CA and the address.
    const [answer] = (await cluster.secure(0).unary("Version")).messages;
    expect(answer).toMatchObject({ version: { tag: "v1.13.2" }, features: { rbac: true } });
  });

  test("the role of the certificate decides", async () => {
    await cluster.configureControlPlane(0);
    const reader = cluster.secure(0, await clientCertificate(cluster.secrets, "os:reader"));
    await reader.unary("Version");
    const notAuthorized = { code: "PERMISSION_DENIED", details: "not authorized" };
    expect(await refusal(reader.unary("Bootstrap"))).toEqual(notAuthorized);
    const data = Buffer.from(machineConfig(cluster.secrets, "controlplane"));
    expect(await refusal(reader.unary("ApplyConfiguration", { data }))).toEqual(notAuthorized);
    const config = { namespace: "config", type: "MachineConfigs.config.talos.dev", id: "v1alpha1" };
    expect(await refusal(reader.unary("cosi.resource.State/Get", config))).toEqual(notAuthorized);
    const nobody = cluster.secure(0, await clientCertificate(cluster.secrets, "system:masters"));
    expect(await refusal(nobody.unary("Version"))).toEqual(notAuthorized);
  });

  test("a worker answers once a control plane node of its cluster does", async () => {
    await cluster.insecure(2).unary("ApplyConfiguration", {
      data: Buffer.from(machineConfig(cluster.secrets, "worker")),
    });
    await cluster.until(2, ({ condition }) => condition === "RUNNING");
    expect((await refusal(cluster.secure(2).unary("Version"))).code).toBe("UNAVAILABLE");

    const foreign = machineConfig(await clusterSecrets(), "controlplane");
    await cluster.configure(1, foreign);
    expect((await refusal(cluster.secure(2).unary("Version"))).code).toBe("UNAVAILABLE");

    await cluster.configureControlPlane(0);
    await cluster.until(2, ({ reachable }) => reachable);
    await cluster.secure(2).unary("Version");
    // It keeps its certificate when they go.
    await cluster.talos.control.setPower("node-1", "off");
    await cluster.secure(2).unary("Version");
  });

  test("a control plane node passes requests on within its cluster, a worker does not", async () => {
    await cluster.configureControlPlane(0, "cp-1");
    await cluster.configure(1, machineConfig(cluster.secrets, "worker", { hostname: "w-1" }));
    const [control, worker, maintenance] = [0, 1, 2].map((index) => cluster.node(index).address);
    const viaControl = cluster.secure(0);
    const version = async (target: object) =>
      (await viaControl.unary("ServiceList", {}, target)).messages.map(
        ({ metadata, services }: { metadata: { hostname: string } | null; services: { id: string }[] }) => [
          metadata?.hostname,
          services.some(({ id }) => id === "etcd"),
        ],
      );
    expect(await version({})).toEqual([[undefined, true]]);
    expect(await version({ node: worker })).toEqual([[undefined, false]]);
    expect(await version({ nodes: [control, worker] })).toEqual([
      [control, true],
      [worker, false],
    ]);
    const config = { namespace: "config", type: "MachineConfigs.config.talos.dev", id: "v1alpha1" };
    expect(
      await refusal(viaControl.unary("cosi.resource.State/Get", config, { nodes: [control ?? ""] })),
    ).toEqual({
      code: "INVALID_ARGUMENT",
      details: "one-2-many proxying is not supported for method /cosi.resource.State/Get",
    });
    expect(await refusal(viaControl.unary("Version", {}, { node: maintenance }))).toEqual({
      code: "UNAVAILABLE",
      details: expect.stringContaining("certificate signed by unknown authority"),
    });
    expect(await refusal(viaControl.unary("Version", {}, { node: "10.0.0.9" }))).toEqual({
      code: "UNAVAILABLE",
      details: expect.stringContaining("dial tcp 10.0.0.9:50000: connect: connection refused"),
    });
    expect(await refusal(cluster.secure(1).unary("Version", {}, { node: control }))).toEqual({
      code: "PERMISSION_DENIED",
      details: "no request forwarding",
    });
  });
});

describe("bootstrap", () => {
  test("once, on a control plane node; the others join", async () => {
    await cluster.configureControlPlane(0, "cp-1");
    await cluster.configureControlPlane(1, "cp-2");
    await cluster.configure(2, machineConfig(cluster.secrets, "worker"));
    expect(await refusal(cluster.secure(2).unary("Bootstrap"))).toEqual({
      code: "UNIMPLEMENTED",
      details: "bootstrap is only available on control plane nodes",
    });
    expect((await refusal(cluster.secure(0).unary("EtcdMemberList"))).code).toBe("UNAVAILABLE");

    await cluster.secure(0).unary("Bootstrap");
    for (const index of [0, 1]) {
      const [{ members }] = (await cluster.secure(index).unary("EtcdMemberList")).messages;
      expect(
        members.map((member: { hostname: string; peerUrls: string[] }) => [member.hostname, member.peerUrls]),
      ).toEqual([
        ["cp-1", [`https://${cluster.node(0).address}:2380`]],
        ["cp-2", [`https://${cluster.node(1).address}:2380`]],
      ]);
    }
    const again = { code: "ALREADY_EXISTS", details: "etcd data directory is not empty" };
    expect(await refusal(cluster.secure(0).unary("Bootstrap"))).toEqual(again);
    expect(await refusal(cluster.secure(1).unary("Bootstrap"))).toEqual(again);
  });

  test("the kubeconfig names the cluster, its endpoint and an administrator", async () => {
    await cluster.configureControlPlane(0);
    const chunks = await cluster.secure(0).collect("Kubeconfig");
    const tar = Readable.from(chunks.map(({ bytes }) => bytes))
      .pipe(createGunzip())
      .pipe(extract());
    const files = [];
    for await (const entry of tar) files.push([entry.header.name, parse((await buffer(entry)).toString())]);
    const [[name, kubeconfig]] = files as [[string, Record<string, unknown>]];
    expect([files.length, name]).toEqual([1, "kubeconfig"]);
    expect(kubeconfig).toMatchObject({
      clusters: [{ name: "test", cluster: { server: "https://10.20.1.5:6443" } }],
      contexts: [{ context: { cluster: "test", user: "admin@test" }, name: "admin@test" }],
      "current-context": "admin@test",
    });
    const { X509Certificate } = await import("node:crypto");
    const [{ user }] = kubeconfig.users as [{ user: Record<string, string> }];
    const certificate = new X509Certificate(Buffer.from(user["client-certificate-data"] ?? "", "base64"));
    const ca = new X509Certificate(cluster.secrets.kubernetes.crt);
    expect([certificate.subject, certificate.verify(ca.publicKey)]).toEqual([
      "O=system:masters\nCN=admin",
      true,
    ]);
    expect(Date.parse(certificate.validTo) - Date.now()).toBeGreaterThan(364 * 86_400_000);
  });
});
