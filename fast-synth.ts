import Module, { enableCompileCache } from "node:module";
import { dirname, join } from "node:path";

/* What makes a synth fast; it must be imported before cdktf. Measured by `npm run bench`. */

// cdktf alone has hundreds of modules. If the folder is not writable, Node continues without the cache. Node 20 has none.
enableCompileCache?.(join(__dirname, "node_modules/.cache/v8"));

// cdktf captures a stack trace for every token, which is most of the time of a large synth. Stack traces of errors are still captured.
const capture = Error.captureStackTrace;
Error.captureStackTrace = (target, below) => {
  if (target instanceof Error) capture(target, below);
};

// cdktf loads its archiver with 150 modules, and zod its texts in 50 languages: a sixth of a small synth, which packs no folder
// and speaks English.
type Call = (...args: readonly unknown[]) => unknown;
replaceModule("archiver", dirname(require.resolve("cdktf")), (load): Call => {
  return (...args) => (load() as Call)(...args);
});
replaceModule("zod/v4/locales", __dirname, () => ({}));

/**
 * Puts something else in the place of a module that is not loaded yet.
 * @param from the folder of the package that requires it; without the module, nothing is done
 * @param makeExports gets a function that loads the module after all
 */
function replaceModule(name: string, from: string, makeExports: (load: () => unknown) => unknown): void {
  let path: string;
  try {
    path = require.resolve(name, { paths: [from] });
  } catch {
    return;
  }
  const placeholder = new Module(path);
  placeholder.loaded = true;
  placeholder.exports = makeExports(() => {
    if (require.cache[path] === placeholder) delete require.cache[path];
    return require(path);
  });
  require.cache[path] = placeholder;
}
