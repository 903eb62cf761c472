import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Readable } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import { Miniflare } from "miniflare";
import { createS3, R2Gateway } from "../../../stand-ins/cloudflare/s3";
import { bundleWorker } from "../../../worker/build";
import { compatibilityDate, compatibilityFlags } from "../../../worker/compatibility";

/** The bucket `tfstate`, served by the S3 API and by the Worker. */
export interface RemoteBackends {
  readonly workerUrl: string;
  readonly s3Url: string;
  /** Endpoint and credentials of both, as the commands and OpenTofu take them. */
  readonly env: Readonly<Record<string, string>>;
  /** Removes the bucket, or brings it back. */
  setBucket(exists: boolean): void;
  stop(): Promise<void>;
}

const KEYS = { accessKeyId: "a".repeat(32), secretAccessKey: "1".repeat(64) };
const OWNER = { username: "owner", password: "correct horse battery staple" };

export async function startRemoteBackends(): Promise<RemoteBackends> {
  const gateway = new R2Gateway();
  const miniflare = new Miniflare({
    host: "127.0.0.1",
    port: 0,
    cf: false,
    handleRuntimeStdio(stdout: Readable, stderr: Readable) {
      // Read and dropped: a full pipe would stop workerd.
      for (const stream of [stdout, stderr]) stream.resume();
    },
    workers: [
      {
        name: "tfstate",
        modules: [{ type: "ESModule", path: "index.mjs", contents: await bundleWorker() }],
        compatibilityDate,
        compatibilityFlags: [...compatibilityFlags],
        bindings: { TFSTATE_USERNAME: OWNER.username, TFSTATE_PASSWORD: OWNER.password },
        r2Buckets: { BUCKET: "tfstate", BACKUP: "tfstate-backup" },
        durableObjects: {
          STATE: { className: "StateObject", useSQLite: true },
          DIRECTORY: { className: "Directory", useSQLite: true },
          PASSWORDS: { className: "Passwords", useSQLite: true },
        },
      },
      gateway.worker(["tfstate"]),
    ],
  });
  let exists = true;
  const s3 = createS3({
    bucket: async (_, name) => (exists && name === "tfstate" ? gateway.bucket(miniflare, name) : undefined),
    credential: (id) => (id === KEYS.accessKeyId ? { ...KEYS, allows: () => true } : undefined),
    buckets: async () => [],
  });
  const server = createServer(getRequestListener(s3, { overrideGlobalObjects: false }));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const s3Url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const workerUrl = (await miniflare.ready).origin;
  return {
    workerUrl,
    s3Url,
    env: {
      AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
      AWS_ENDPOINT_URL_S3: s3Url,
      TF_HTTP_USERNAME: OWNER.username,
      TF_HTTP_PASSWORD: OWNER.password,
    },
    setBucket: (value) => {
      exists = value;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await miniflare.dispose();
    },
  };
}
