import { z } from "zod";
import { BOOTSTRAP_MARKER_KEY } from "../config/state-location";
import { parseJson } from "../state/parse-json";
import type { Account } from "./account";

/** The content of the marker object in the state bucket. */
export interface Marker {
  /** The cluster that the bucket belongs to. */
  readonly cluster: string;
  /** Names of what the bootstrap of this cluster has made or is about to make, such as `worker/tfstate`. */
  readonly owns: readonly string[];
}

/** A marker with its ETag: a write replaces exactly this version. */
export interface StoredMarker extends Marker {
  readonly etag: string;
}

const shape: z.ZodType<Marker> = z.object({ cluster: z.string(), owns: z.array(z.string()) });

/** The marker object. It holds no secret. Every write is conditional, so of two runs at once only one succeeds. */
export class MarkerObject {
  constructor(
    private readonly account: Account,
    private readonly bucket: string,
  ) {}

  /** @throws StateError if the object is not a marker */
  async read(): Promise<StoredMarker | undefined> {
    const object = await (await this.objects()).get(BOOTSTRAP_MARKER_KEY);
    if (!object) return undefined;
    const text = Buffer.from(object.bytes).toString();
    const fix =
      "look at it; if it has to be deleted, adopt everything of this cluster with --adopt afterwards";
    return { ...parseJson(text, shape, `the object ${BOOTSTRAP_MARKER_KEY}`, fix), etag: object.etag };
  }

  /** @throws if there is no marker */
  async require(): Promise<StoredMarker> {
    const marker = await this.read();
    if (marker) return marker;
    throw new Error(
      `the bucket ${this.bucket} has no ${BOOTSTRAP_MARKER_KEY} any more; wait if somebody is destroying it, then run this again`,
    );
  }

  /**
   * @param current the version to replace; undefined if there is none
   * @throws if another run has written the marker meanwhile
   */
  async write({ cluster, owns }: Marker, current: StoredMarker | undefined): Promise<void> {
    const isSame = (marker: Marker | undefined) =>
      marker?.cluster === cluster && marker.owns.join() === owns.join();
    if (isSame(current)) return;
    const text = `${JSON.stringify({ cluster, owns }, null, 2)}\n`;
    // If the answer was lost, the put is sent again and refused. Then the stored marker decides.
    const objects = await this.objects();
    if (await objects.put(BOOTSTRAP_MARKER_KEY, Buffer.from(text), current ?? "absent")) return;
    if (isSame(await this.read())) return;
    throw new Error(
      `another run has changed ${BOOTSTRAP_MARKER_KEY} in the bucket; nothing was changed here; run this again`,
    );
  }

  async delete(): Promise<void> {
    await (await this.objects()).delete(BOOTSTRAP_MARKER_KEY);
  }

  private objects() {
    return this.account.objects(this.bucket);
  }
}
