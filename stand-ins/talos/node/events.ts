import { randomBytes } from "node:crypto";
import { encode } from "../protocol/definitions";
import type { EventsRequest, MachineStage } from "../protocol/messages";

export type EventPayload =
  | { readonly type: "SequenceEvent"; sequence: string; action: "NOOP" | "START" | "STOP"; error?: object }
  | { readonly type: "PhaseEvent"; phase: string; action: "START" | "STOP" }
  | { readonly type: "TaskEvent"; task: string; action: "START" | "STOP" }
  | { readonly type: "MachineStatusEvent"; stage: MachineStage; status: { readonly ready: boolean } };

/** `machine.Event` */
interface Event {
  readonly id: string;
  readonly actorId: string;
  readonly data?: { readonly type_url: string; readonly value: Buffer };
}

/** A real node keeps a limited number of events as well. */
const MAX_EVENTS = 1000;

/** The events of a node since it booted. */
export class EventLog {
  private past: Event[] = [];
  private readonly listeners = new Set<(event: Event) => void>();

  publish({ type, ...payload }: EventPayload, actorId = ""): void {
    const data = { type_url: `talos/runtime/machine.${type}`, value: encode(`machine.${type}`, payload) };
    const event = { id: randomBytes(10).toString("hex"), actorId, data };
    this.past = [...this.past, event].slice(-MAX_EVENTS);
    for (const listener of this.listeners) listener(event);
  }

  /** To be called at a boot. */
  clear(): void {
    this.past = [];
  }

  /** Yields past events as `tailEvents` says, and new ones until the signal is aborted. */
  async *watch({ tailEvents, withActorId }: EventsRequest, signal: AbortSignal): AsyncGenerator<Event> {
    const queue = tailEvents === 0 ? [] : [...this.past].slice(tailEvents < 0 ? 0 : -tailEvents);
    let wake = () => {};
    const listener = (event: Event) => {
      queue.push(event);
      wake();
    };
    const abort = () => {
      this.listeners.delete(listener);
      wake();
    };
    this.listeners.add(listener);
    signal.addEventListener("abort", abort);
    try {
      // Tells the client that the stream has started.
      yield { id: "", actorId: withActorId };
      while (!signal.aborted || queue.length > 0) {
        const event = queue.shift();
        if (event === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        } else if (withActorId === "" || event.actorId === withActorId) yield event;
      }
    } finally {
      this.listeners.delete(listener);
      signal.removeEventListener("abort", abort);
    }
  }
}
