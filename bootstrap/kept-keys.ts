import { nameAtWorker, type StateLocation } from "../config/state-location";
import { STACK } from "./stack";

// What the keys in the bucket of the states tell.

/** As `stateBeside` makes them; the Worker puts a `.tfstate` of its own behind a name. */
const OF_STACK = new RegExp(`-${STACK}(\\.tfstate)*$`);

/** The S3 backend lets a key have any name; its history and its locks are told by theirs. */
export const isState = (key: string): boolean => !key.startsWith("history/") && !key.endsWith(".tflock");

/** Of this cluster or of another one, which may have such a stack too: at the Worker, below anybody's namespace. */
export const isStateOfStack = (key: string): boolean => isState(key) && OF_STACK.test(key);

/** Whether a place has this key: at the Worker, below whose namespace is not known. */
export function isKeyAt(place: StateLocation | undefined, key: string): boolean {
  if (place?.backend === "r2") return key === place.key;
  return place?.backend === "worker" && key.endsWith(`/${nameAtWorker(place.url)}.tfstate`);
}
