import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { SECRETS, TOGETHER, waysToGive } from "../../domain/secrets";

const root = join(__dirname, "../..");
const rowsOf = (file: string) =>
  [...readFileSync(join(root, file), "utf8").matchAll(/^\| (`[^|]+`) +\| ([^|]+) \|/gm)].map(
    ([, first = "", second = ""]) => [first, second.trim()],
  );

test("docs/secrets.md has each key with its variables", () => {
  const rows = rowsOf("docs/secrets.md");
  for (const { key, variables } of SECRETS) {
    expect(rows).toContainEqual([`\`${key}\``, variables.map((each) => `\`${each}\``).join(", ")]);
  }
});

test("docs/tasks.md has each task that people call", () => {
  const { tasks } = parse(readFileSync(join(root, "Taskfile.yaml"), "utf8")) as {
    readonly tasks: Readonly<Record<string, { readonly internal?: boolean }>>;
  };
  const named = rowsOf("docs/tasks.md").map(([task = ""]) => task.replaceAll("`", "").split(" ")[0]);
  const called = Object.entries(tasks).filter(([name, { internal }]) => !internal && name !== "default");
  expect(named).toEqual(expect.arrayContaining(called.map(([name]) => name)));
});

test("each variable has one key; a pair is of variables that exist", () => {
  const variables = SECRETS.flatMap((each) => each.variables);
  expect(new Set(variables).size).toBe(variables.length);
  const known = [...variables, "AWS_SESSION_TOKEN"];
  expect(TOGETHER.flat().filter((each) => !known.includes(each))).toEqual([]);
});

test("a variable that is no secret has only one way to be given", () => {
  expect(waysToGive("AWS_ENDPOINT_URL_S3")).toBe("export AWS_ENDPOINT_URL_S3");
});
