import { enableCompileCache } from "node:module";
import { join } from "node:path";

/* What makes a synth fast; it must be imported before cdktf. Measured by `npm run bench`. */

// cdktf alone is hundreds of modules. Where the folder cannot be written, Node goes on without.
enableCompileCache(join(__dirname, "node_modules/.cache/v8"));

// cdktf keeps the stack of every token in case somebody asks, and ts-node maps each frame of it to its source:
// most of the time of a large synth. The stacks of errors stay as they are.
const capture = Error.captureStackTrace;
Error.captureStackTrace = (target, below) => {
  if (target instanceof Error) capture(target, below);
};
