import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { jsonSchemas, writeReference } from "../config/reference";

/* `npm run config:schema`: writes docs/configuration.md and the JSON schemas in config/ from the configuration's schema. */

const reference = join(__dirname, "..", "docs", "configuration.md");
writeFileSync(reference, writeReference(readFileSync(reference, "utf8")));

const schemas = [...jsonSchemas()].map(([name, text]) => {
  const file = join(__dirname, "../config", name);
  writeFileSync(file, text);
  return file;
});

execFileSync("biome", ["format", "--write", reference, ...schemas], { stdio: "inherit" });
