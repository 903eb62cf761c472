import type { Project } from "../state/project";
import { openStackStore } from "../state/stack-store";
import { once } from "./once";

/** The state of the cluster, read once. */
export class StateReadings {
  constructor(private readonly project: Project) {}

  /** @throws StateError if a credential is missing */
  readonly store = once(async () => openStackStore(this.project, "cluster"));
  /** Its bytes; undefined if there is none. @throws StateError if it cannot be read */
  readonly bytes = once(async () => (await this.store()).read());
}
