import { z } from "zod";
import { BOOTSTRAP_MARKER_KEY } from "../config/state-location";
import { parseJson } from "../state/parse-json";
import type { R2Client } from "../state/r2-client";

/** What the marker in the bucket of the states says. */
export interface Marker {
  /** The cluster whose bootstrap has the bucket. */
  readonly cluster: string;
  /** Names of what this bootstrap has made, or is about to make, such as `worker/tfstate`. */
  readonly owns: readonly string[];
}

/** A marker as it was read; it can be replaced while nobody else has done so. */
export interface StoredMarker extends Marker {
  readonly etag: string;
}

const shape: z.ZodType<Marker> = z.object({ cluster: z.string(), owns: z.array(z.string()) });

/** The marker object. It holds no secret. Every write has a condition, so one of two runs at once is told. */
export class MarkerObject {
  constructor(private readonly objects: R2Client) {}

  /** @throws StateError where the object is no marker */
  async read(): Promise<StoredMarker | undefined> {
    const object = await this.objects.get(BOOTSTRAP_MARKER_KEY);
    if (!object) return undefined;
    const text = Buffer.from(object.bytes).toString();
    const fix =
      "look at it; without it nothing is known to be this cluster's, and --adopt takes it over again";
    return { ...parseJson(text, shape, `the object ${BOOTSTRAP_MARKER_KEY}`, fix), etag: object.etag };
  }

  /**
   * @param current what is replaced; undefined where there is none
   * @throws where somebody else was faster
   */
  async write({ cluster, owns }: Marker, current: StoredMarker | undefined): Promise<void> {
    const isSame = (marker: Marker | undefined) =>
      marker?.cluster === cluster && marker.owns.join() === owns.join();
    if (isSame(current)) return;
    const text = `${JSON.stringify({ cluster, owns }, null, 2)}\n`;
    // A put whose answer was lost is sent again and refused: then what is there decides.
    if (await this.objects.put(BOOTSTRAP_MARKER_KEY, Buffer.from(text), current ?? "absent")) return;
    if (isSame(await this.read())) return;
    throw new Error(
      `another run has changed ${BOOTSTRAP_MARKER_KEY} in the bucket just now; nothing was changed here; run this again`,
    );
  }

  async delete(): Promise<void> {
    await this.objects.delete(BOOTSTRAP_MARKER_KEY);
  }
}
