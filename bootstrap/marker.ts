import { z } from "zod";
import { BOOTSTRAP_MARKER_KEY } from "../config/state-location";
import { parseJson } from "../state/parse-json";
import type { R2Client } from "../state/r2-client";

/** What the marker in the bucket of the states says. */
export interface Marker {
  /** The cluster whose bootstrap has the bucket. */
  readonly cluster: string;
  /** What this bootstrap has made, or is about to make: `bucket/tfstate`, `worker/tfstate`, `token/tfstate`. */
  readonly owns: readonly string[];
}

/** A marker as it was read; it can be replaced while nobody else has done so. */
export interface ReadMarker extends Marker {
  readonly etag: string;
}

const shape: z.ZodType<Marker> = z.object({ cluster: z.string(), owns: z.array(z.string()) });

/** The marker object. It holds no secret. Every write has a condition, so one of two runs at once is told. */
export class MarkerObject {
  constructor(private readonly objects: R2Client) {}

  /** @throws StateError where the object is no marker */
  async read(): Promise<ReadMarker | undefined> {
    const object = await this.objects.get(BOOTSTRAP_MARKER_KEY);
    if (!object) return undefined;
    const text = Buffer.from(object.bytes).toString();
    const fix =
      "look at it; without it nothing is known to be this cluster's, and --adopt takes it over again";
    return { ...parseJson(text, shape, `the object ${BOOTSTRAP_MARKER_KEY}`, fix), etag: object.etag };
  }

  /**
   * @param instead what is replaced; undefined where there is none
   * @throws where somebody else was faster
   */
  async write({ cluster, owns }: Marker, instead: ReadMarker | undefined): Promise<ReadMarker> {
    const text = `${JSON.stringify({ cluster, owns }, null, 2)}\n`;
    await this.objects.put(BOOTSTRAP_MARKER_KEY, Buffer.from(text), instead ?? "absent");
    // A put whose answer was lost is sent again and refused: what is there now decides.
    const now = await this.read();
    if (now && JSON.stringify([now.cluster, now.owns]) === JSON.stringify([cluster, owns])) return now;
    throw new Error(
      `another run has changed ${BOOTSTRAP_MARKER_KEY} in the bucket just now; nothing was changed here; run this again`,
    );
  }

  async delete(): Promise<void> {
    await this.objects.delete(BOOTSTRAP_MARKER_KEY);
  }
}
