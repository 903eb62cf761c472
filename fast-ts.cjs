// `node --require ./fast-ts.cjs FILE.ts` is `ts-node FILE.ts` that keeps what it compiled: each source is compiled once, and not at every
// start, so a command starts in less than half the time. Node keeps what V8 makes of it, too. Measured by `npm run bench`.
const { createHash } = require("node:crypto");
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const Module = require("node:module");
const { join } = require("node:path");

const CACHE = join(__dirname, "node_modules/.cache");
const KEPT = join(CACHE, "compiled");
// Of all that a compiled source depends on beside itself.
const VERSION = [
  ...["ts-node", "@swc/core"].map((name) => require(`${name}/package.json`).version),
  readFileSync(join(__dirname, "tsconfig.json"), "utf8"),
].join("\0");

// If the folder is not writable, both go on without it. Node 20 keeps nothing.
Module.enableCompileCache?.(join(CACHE, "v8"));

// zod loads its texts in 50 languages, and commands speak English.
const locales = require.resolve("zod/v4/locales");
require.cache[locales] = Object.assign(new Module(locales), { loaded: true });

let compiler;
const sources = new Map();

require.extensions[".ts"] = (module, file) => {
  const code = compiled(file, readFileSync(file, "utf8"));
  sources.set(file, { code });
  module._compile(code, file);
};

function compiled(file, source) {
  const name = createHash("sha256").update(`${VERSION}\0${file}\0${source}`).digest("hex");
  const kept = join(KEPT, `${name}.js`);
  try {
    return readFileSync(kept, "utf8");
  } catch {
    compiler ??= require("ts-node").create({ cwd: __dirname });
    const code = compiler.compile(source, file);
    try {
      mkdirSync(KEPT, { recursive: true });
      // Others compile the same file at the same time.
      writeFileSync(`${kept}.${process.pid}`, code);
      renameSync(`${kept}.${process.pid}`, kept);
    } catch {
      // The folder is not writable.
    }
    return code;
  }
}

// Node would work out the lines of all sources at each start; only a stack that somebody reads needs them.
Error.prepareStackTrace = (error, frames) => [String(error), ...frames.map(inSource)].join("\n    at ");

function inSource(frame) {
  const source = sources.get(frame.getFileName());
  if (source === undefined) return String(frame);
  source.map ??= mapIn(source.code);
  const entry = source.map.findEntry(frame.getLineNumber() - 1, frame.getColumnNumber() - 1);
  return String(frame).replace(/:\d+:\d+(?=\)?$)/, `:${entry.originalLine + 1}:${entry.originalColumn + 1}`);
}

/** The map that ts-node puts at the end. */
function mapIn(code) {
  const [, map = ""] =
    /.*[#]\ssourceMappingURL=data:application\/json[^,]*;base64,(\S+)\s*$/.exec(code) ?? [];
  return new Module.SourceMap(JSON.parse(Buffer.from(map, "base64").toString()));
}
