// Compiles what a test starts as ts-node does, by the same compiler, and keeps the result: the sources are compiled once and not at
// each start, which is then twice as fast. What npm scripts run is ts-node itself.
const { createHash } = require("node:crypto");
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const { enableCompileCache } = require("node:module");
const { join } = require("node:path");

const ROOT = join(__dirname, "../..");
const KEPT = join(ROOT, "node_modules/.cache/compiled-for-tests");
const { version } = JSON.parse(readFileSync(join(ROOT, "node_modules/@swc/core/package.json"), "utf8"));
const OPTIONS = {
  sourceMaps: "inline",
  module: { type: "commonjs", ignoreDynamic: true },
  jsc: { target: "es2022", parser: { syntax: "typescript" }, keepClassNames: true },
};
const keyOf = (...texts) => {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(`${text}\0`);
  return hash.digest("hex");
};
const VERSION = keyOf(version, JSON.stringify(OPTIONS));

mkdirSync(KEPT, { recursive: true });
// What V8 makes of it is kept too.
enableCompileCache?.(join(KEPT, "v8"));
process.setSourceMapsEnabled(true);

require.extensions[".ts"] = (module, filename) => {
  const source = readFileSync(filename, "utf8");
  module._compile(compiled(filename, source), filename);
};

function compiled(filename, source) {
  const kept = join(KEPT, `${keyOf(VERSION, filename, source)}.js`);
  try {
    return readFileSync(kept, "utf8");
  } catch {
    const { code } = require("@swc/core").transformSync(source, { ...OPTIONS, filename });
    // Others compile the same file at the same time.
    const unfinished = `${kept}.${process.pid}`;
    writeFileSync(unfinished, code);
    renameSync(unfinished, kept);
    return code;
  }
}
