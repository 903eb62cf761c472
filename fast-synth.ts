import { enableCompileCache } from "node:module";
import { join } from "node:path";

/* What makes a synth fast; it must be imported before cdktf. Measured by `npm run bench`. */

// cdktf alone has hundreds of modules. If the folder is not writable, Node continues without the cache.
enableCompileCache(join(__dirname, "node_modules/.cache/v8"));

// cdktf captures a stack trace for every token, and ts-node maps each frame to its source. That is most of the time of a
// large synth. Stack traces of errors are still captured.
const capture = Error.captureStackTrace;
Error.captureStackTrace = (target, below) => {
  if (target instanceof Error) capture(target, below);
};
