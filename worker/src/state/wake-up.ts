/** The alarm of a Durable Object: one time at which it is woken, moved only to an earlier one. */
export class WakeUp {
  /** When the alarm is set for; null if the storage has to be asked. */
  #at: number | null = null;

  constructor(private readonly storage: DurableObjectStorage) {}

  /** Call it at the beginning of the alarm: no alarm is set now, and a request may set the next one meanwhile. */
  hasFired(): void {
    this.#at = Number.POSITIVE_INFINITY;
  }

  async within(delayMs: number): Promise<void> {
    const at = Date.now() + delayMs;
    this.#at ??= (await this.storage.getAlarm()) ?? Number.POSITIVE_INFINITY;
    if (this.#at > at) await this.storage.setAlarm(at);
    this.#at = Math.min(this.#at, at);
  }
}
