import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { PeerCertificate, TLSSocket } from "node:tls";
import { stringify } from "yaml";
import { issueCertificate, type KeyPair } from "../../stand-ins/talos/pki/issue";
import { KubernetesApi } from "../../talos/kubernetes";
import { clusterSecrets } from "../stand-ins/talos/support/secrets";
import { SilentServer } from "../support/silent-server";

/* A server in the place of the Kubernetes API, with certificates of the cluster's CA. */

let ca: KeyPair;
let client: KeyPair;
let server: Server;
let endpoint: string;
let seen: { method?: string; url?: string; type?: string; body: string; user?: string }[];
let answer: { status: number; body: string };

beforeAll(async () => {
  ca = (await clusterSecrets()).kubernetes;
  const request = { keyKind: "p256", validDays: 1 } as const;
  client = await issueCertificate(ca, { ...request, usage: "client", commonName: "admin" });
  const own = await issueCertificate(ca, { ...request, usage: "server", ipAddresses: ["10.20.1.10"] });
  const tls = { cert: own.crt, key: own.key, ca: ca.crt, requestCert: true };
  server = createServer(tls, async (incoming, response) => {
    let body = "";
    for await (const chunk of incoming) body += chunk;
    const peer = (incoming.socket as TLSSocket).getPeerCertificate() as Partial<PeerCertificate>;
    const { method, url, headers } = incoming;
    seen.push({ method, url, type: headers["content-type"], body, user: peer.subject?.CN as string });
    response.writeHead(answer.status).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  endpoint = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());
beforeEach(() => {
  seen = [];
  answer = { status: 200, body: '{"items":[]}' };
});

function api(
  host = "10.20.1.10",
  env: object = { KUBERNETES_API_ENDPOINT: endpoint },
  timeoutMs?: number,
): KubernetesApi {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const kubeconfig = stringify({
    "current-context": "admin@lab",
    contexts: [{ name: "admin@lab", context: { cluster: "lab", user: "admin" } }],
    clusters: [
      {
        name: "lab",
        cluster: { server: `https://${host}:6443`, "certificate-authority-data": base64(ca.crt) },
      },
    ],
    users: [
      {
        name: "admin",
        user: { "client-certificate-data": base64(client.crt), "client-key-data": base64(client.key) },
      },
    ],
  });
  return new KubernetesApi({ kubeconfig, env, signal: new AbortController().signal, timeoutMs });
}

test("asks as the user of the kubeconfig, through a tunnel", async () => {
  expect(await api().call("/api/v1/nodes")).toEqual({ items: [] });
  expect(seen).toEqual([{ method: "GET", url: "/api/v1/nodes", type: undefined, body: "", user: "admin" }]);
});

test("waits as long as its owner says, where a call does not say it itself", async () => {
  const silent = await SilentServer.start();
  const impatient = api("10.20.1.10", { KUBERNETES_API_ENDPOINT: `127.0.0.1:${silent.port}` }, 100);
  await expect(impatient.call("/api/v1/nodes")).rejects.toThrow("no answer within 0.1 s");
  await expect(impatient.call("/readyz", { timeoutMs: 200 })).rejects.toThrow("no answer within 0.2 s");
  await silent.stop();
});

test("sends a change as a strategic merge patch, and an object as JSON", async () => {
  await api().call("/api/v1/nodes/cp-1", { method: "PATCH", body: { spec: { unschedulable: true } } });
  await api().call("/evict", { method: "POST", body: {} });
  expect(seen.map(({ method, type, body }) => [method, type, body])).toEqual([
    ["PATCH", "application/strategic-merge-patch+json", '{"spec":{"unschedulable":true}}'],
    ["POST", "application/json", "{}"],
  ]);
});

test("says what the API says, with its status", async () => {
  answer = { status: 403, body: JSON.stringify({ kind: "Status", message: "nodes is forbidden" }) };
  await expect(api().call("/api/v1/nodes")).rejects.toMatchObject({
    message: `Kubernetes (${endpoint}): GET /api/v1/nodes: nodes is forbidden`,
    code: "403",
  });
  answer = { status: 502, body: "<html>" };
  await expect(api().call("/api/v1/nodes")).rejects.toMatchObject({ said: "HTTP 502", code: "502" });
  answer = { status: 404, body: "{}" };
  expect(await api().find("/api/v1/nodes/cp-9")).toBeUndefined();
});

test("whoever answers must be the server of the kubeconfig, wherever it is reached", async () => {
  await expect(api("10.20.1.99").call("/api/v1/nodes")).rejects.toThrow(
    /does not match certificate's altnames/,
  );
  expect(seen).toEqual([]);
});

test("nobody answers", async () => {
  const nowhere = api("10.20.1.10", { KUBERNETES_API_ENDPOINT: "127.0.0.1:1" });
  await expect(nowhere.call("/api/v1/nodes")).rejects.toThrow(/ECONNREFUSED/);
});

test.each(["https://127.0.0.1:6443", "127.0.0.1"])("KUBERNETES_API_ENDPOINT=%s is an error", (wrong) => {
  expect(() => api("10.20.1.10", { KUBERNETES_API_ENDPOINT: wrong })).toThrow(
    `environment: KUBERNETES_API_ENDPOINT ${wrong} is no host with a port; write it like 127.0.0.1:6443`,
  );
});

test.each([
  ["current-context: x\n", "contexts"],
  ["current-context: x\ncontexts: []\nclusters: []\nusers: []\n", "context x"],
])("a kubeconfig that is none of Talos is an error", (kubeconfig, what) => {
  const { signal } = new AbortController();
  expect(() => new KubernetesApi({ kubeconfig, env: {}, signal })).toThrow(`the kubeconfig has no ${what}`);
});
