import type { Case } from "./case";
import { fuzz } from "./cases/fuzz";
import { history } from "./cases/history";
import { locking } from "./cases/locking";
import { operations } from "./cases/operations";
import { protocol } from "./cases/protocol";
import { races } from "./cases/races";
import { writes } from "./cases/writes";

/** Every promise, by subject. */
export const suite: Readonly<Record<string, readonly Case[]>> = {
  protocol,
  locking,
  writes,
  history,
  operations,
  races,
  fuzz,
};
