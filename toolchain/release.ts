import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { chmod, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Response } from "undici";
import { runGroup, tail } from "../process/process-group";
import { type ToolchainContext, ToolchainError, withHeartbeat } from "./context";

/** A server that does not answer in this time counts as unreachable. */
const ANSWER_MS = 4_000;

/** The server did not answer, or does not have the file: the next source is tried. All other failures are errors. */
export class Unreachable extends Error {}

const answers = new Map<string, Promise<boolean>>();

/** Whether a server answers. Each address is asked once in a run. */
export function isReachable(url: string): Promise<boolean> {
  const asked = answers.get(url);
  if (asked !== undefined) return asked;
  const answer = get(url).then(
    async (response) => {
      await response.body?.cancel();
      return true;
    },
    () => false,
  );
  answers.set(url, answer);
  return answer;
}

/** A file of a release. */
export interface Release {
  readonly url: string;
  readonly sha256: string;
  /**
   * The path of the program in a .tar.gz.
   * @default - the file is the program
   */
  readonly member?: string;
}

/**
 * Reads the checksum of a file of a release from the list of checksums beside it, or from its own file of one checksum.
 * That finds a broken download, but no release that somebody has replaced together with its list.
 * @throws Unreachable if there is no list, or the file is not in it
 */
export async function listedChecksum(listUrl: string, file: string): Promise<string> {
  const list = await (await get(listUrl)).text();
  for (const line of list.split("\n")) {
    const [sha256 = "", name = file] = line.trim().split(/\s+\*?/);
    if (name === file && /^[0-9a-f]{64}$/.test(sha256)) return sha256;
  }
  throw new Unreachable(`${listUrl} has no checksum of ${file}`);
}

/**
 * Downloads a release, checks its SHA-256, and unpacks the program in it.
 * @throws Unreachable, or ToolchainError where the file is not the pinned one
 */
export async function unpackRelease(
  context: ToolchainContext,
  archive: Release,
  title: string,
  output: string,
): Promise<void> {
  const response = await get(archive.url, context.signal);
  if (response.body === null) throw new Unreachable(`${archive.url} has no content`);

  const file = `${output}.download`;
  const hash = createHash("sha256");
  let bytes = 0;
  await withHeartbeat(
    context,
    (elapsed) => `${title}: ${elapsed}, ${(bytes / 2 ** 20).toFixed(1)} MiB downloaded`,
    () =>
      pipeline(
        Readable.from(response.body ?? []),
        async function* (chunks: AsyncIterable<Uint8Array>) {
          for await (const chunk of chunks) {
            bytes += chunk.length;
            hash.update(chunk);
            yield chunk;
          }
        },
        createWriteStream(file),
        { signal: context.signal },
      ),
  ).catch((error: Error) => {
    context.signal?.throwIfAborted();
    throw new Unreachable(`${archive.url} broke off after ${bytes} bytes: ${reason(error)}`);
  });

  const actual = hash.digest("hex");
  if (actual !== archive.sha256) {
    throw new ToolchainError(
      `${archive.url} has sha256 ${actual}, but ${archive.sha256} is expected; ` +
        "the download was deleted: find out what answers instead of the release server",
    );
  }
  if (archive.member === undefined) {
    await chmod(file, 0o755);
    return rename(file, output);
  }
  const folder = dirname(output);
  const depth = [`--strip-components=${archive.member.split("/").length - 1}`];
  const unpacked = await runGroup("tar", ["-xzf", file, "-C", folder, ...depth, archive.member], {
    signal: context.signal,
  });
  await rm(file);
  if (unpacked.exitCode !== 0)
    throw new ToolchainError(`tar cannot unpack ${archive.url}:\n${tail(unpacked.output)}`);
}

/** Follows redirects and honours HTTP_PROXY, HTTPS_PROXY and NO_PROXY. */
async function get(url: string, signal?: AbortSignal): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error(`no answer in ${ANSWER_MS / 1000} s`)), ANSWER_MS);
  const abort = () => late.abort(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  // Loaded where it is needed: it takes as long as all the rest of a command that downloads nothing.
  const { EnvHttpProxyAgent, fetch } = await import("undici");
  try {
    const response = await fetch(url, { signal: late.signal, dispatcher: new EnvHttpProxyAgent() });
    if (response.ok) return response;
    await response.body?.cancel();
    throw new Error(`HTTP ${response.status}`);
  } catch (error) {
    signal?.throwIfAborted();
    throw new Unreachable(`${url} cannot be reached: ${reason(error as Error)}`);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/** The message of `fetch` is always "fetch failed"; the reason is in its cause. */
function reason(error: Error): string {
  const { message, code } = (error.cause ?? error) as NodeJS.ErrnoException;
  return message || code || error.message;
}
