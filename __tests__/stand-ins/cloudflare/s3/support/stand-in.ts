import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import { AwsClient } from "aws4fetch";
import { Miniflare } from "miniflare";
import {
  createS3,
  R2Gateway,
  type S3Credential,
  type S3Options,
} from "../../../../../stand-ins/cloudflare/s3";
import { closeServer, listenOnLoopback } from "../../../../../stand-ins/loopback-server";

export const WRITER = { accessKeyId: "a".repeat(32), secretAccessKey: "1".repeat(64) };
export const READER = { accessKeyId: "b".repeat(32), secretAccessKey: "2".repeat(64) };
export const STRANGER = { accessKeyId: "c".repeat(32), secretAccessKey: "3".repeat(64) };
export const GUEST = {
  accessKeyId: "d".repeat(32),
  secretAccessKey: "4".repeat(64),
  sessionToken: "a-session",
};
export const ADMIN = { accessKeyId: "e".repeat(32), secretAccessKey: "5".repeat(64) };

const BUCKETS = ["default/tfstate", "default/other", "eu/tfstate"];

/** A writer, a reader and a guest of `tfstate`, a stranger with `other` only, and an administrator. */
const CREDENTIALS: Readonly<Record<string, S3Credential>> = {
  [WRITER.accessKeyId]: {
    ...WRITER,
    allows: ({ name }) => name === "tfstate",
  },
  [READER.accessKeyId]: { ...READER, allows: ({ name }, action) => name === "tfstate" && action === "read" },
  [STRANGER.accessKeyId]: { ...STRANGER, allows: ({ name }) => name === "other" },
  [GUEST.accessKeyId]: {
    ...GUEST,
    allows: ({ name }, _action, key) => name === "tfstate" && key?.startsWith("guest/") === true,
  },
  [ADMIN.accessKeyId]: { ...ADMIN, listsBuckets: true, allows: () => true },
};

export interface S3StandIn {
  /** `http://127.0.0.1:N` */
  readonly url: string;
  /** Method and path of each request since the start. */
  readonly requests: string[];
  close(): Promise<void>;
}

/** The S3 API in front of a Miniflare in memory, on a port of loopback. */
export async function startS3(options: S3Options = {}): Promise<S3StandIn> {
  const gateway = new R2Gateway();
  const miniflare = new Miniflare({ workers: [gateway.worker(BUCKETS)] });
  const s3 = createS3(
    {
      bucket: async (jurisdiction, name) => {
        const id = `${jurisdiction}/${name}`;
        return BUCKETS.includes(id) ? gateway.bucket(miniflare, id) : undefined;
      },
      credential: (id) => CREDENTIALS[id],
      buckets: async (jurisdiction) =>
        BUCKETS.filter((id) => id.startsWith(`${jurisdiction}/`)).map((id) => ({
          name: id.slice(jurisdiction.length + 1),
          creationDate: "2026-11-24T10:00:00.000Z",
        })),
    },
    options,
  );
  const requests: string[] = [];
  const server = createServer((message, response) => {
    requests.push(`${message.method} ${message.url}`);
    serve(s3, message, response).catch(() => response.destroy());
  });
  const port = await listenOnLoopback(server, 0);
  await miniflare.ready;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: async () => {
      await closeServer(server);
      await miniflare.dispose();
    },
  };
}

async function serve(
  s3: (request: Request) => Promise<Response>,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const hasBody = message.method !== "GET" && message.method !== "HEAD";
  const request = new Request(`http://${message.headers.host}${message.url}`, {
    method: message.method,
    headers: Object.entries(message.headers).map(([name, value]): [string, string] => [name, String(value)]),
    ...(hasBody && { body: Readable.toWeb(message) as ReadableStream, duplex: "half" }),
  });
  const { status, headers, body } = await s3(request);
  response.writeHead(status, Object.fromEntries(headers));
  if (body) await pipeline(Readable.fromWeb(body as NodeReadableStream), response);
  else response.end();
}

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** A client that signs requests and does not retry. */
export function clientOf(keys: Keys, region = "auto"): AwsClient {
  return new AwsClient({ ...keys, service: "s3", region, retries: 0 });
}

/** The code of an error's XML. */
export async function codeOf(response: Response): Promise<string | undefined> {
  return /<Code>(.*)<\/Code>/.exec(await response.text())?.[1];
}

/** The texts of the elements with this name, in order. */
export const textsOf = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, "gs"))].map(([, text = ""]) => text);
