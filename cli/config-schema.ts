import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { keyReference } from "../config/key-reference";
import { jsonSchemas } from "../config/reference";

/* `npm run config:schema`: writes docs/reference/cluster-yaml.md and the JSON schemas in config/ from the configuration's schema. */

const reference = join(__dirname, "..", "docs", "reference", "cluster-yaml.md");
writeFileSync(reference, keyReference());

const schemas = [...jsonSchemas()].map(([name, text]) => {
  const file = join(__dirname, "../config", name);
  writeFileSync(file, text);
  return file;
});

execFileSync("biome", ["format", "--write", reference, ...schemas], { stdio: "inherit" });
