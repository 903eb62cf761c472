import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import Module, { enableCompileCache } from "node:module";
import { dirname, join } from "node:path";

/* What makes a synth fast; it must be imported before cdktf. Measured by `npm run bench`. */

const CACHE = join(__dirname, "node_modules/.cache");

// cdktf alone has hundreds of modules. If the folder is not writable, Node continues without the cache. Node 20 has none.
enableCompileCache?.(join(CACHE, "v8"));

// ts-node has every file compiled at every run: a sixth of a small synth.
keepCompiled(join(CACHE, "swc"));

// cdktf captures a stack trace for every token, and ts-node maps each frame to its source. That is most of the time of a
// large synth. Stack traces of errors are still captured.
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

interface Compiler {
  readonly version: string;
  transformSync(source: string, options: object): object;
}

/** Keeps what swc makes of a file, until the text of the file, an option or swc changes. Without swc, nothing is done. */
function keepCompiled(folder: string): void {
  const path = Object.keys(require.cache).find((each) => /[\\/]@swc[\\/]core[\\/]index\.js$/.test(each));
  const swc: Compiler | undefined = path && require.cache[path]?.exports;
  if (swc === undefined) return;
  const compile = swc.transformSync;
  const hash = (...texts: readonly string[]) => {
    const sum = createHash("sha256");
    for (const text of texts) sum.update(text).update("\0");
    return sum.digest("hex");
  };
  swc.transformSync = (source, options) => {
    const file = join(folder, hash(JSON.stringify(options)));
    const key = hash(swc.version, source);
    try {
      const kept = JSON.parse(readFileSync(file, "utf8"));
      if (kept.key === key) return kept.output;
    } catch {
      // It is not there yet.
    }
    const output = compile(source, options);
    try {
      mkdirSync(folder, { recursive: true });
      // Other synths may read it meanwhile.
      writeFileSync(`${file}.${process.pid}`, JSON.stringify({ key, output }));
      renameSync(`${file}.${process.pid}`, file);
    } catch {
      // The folder is not writable.
    }
    return output;
  };
}

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
