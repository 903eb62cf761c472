import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Address } from "../domain/ip";
import { PACKAGE_ROOT } from "../process/package-root";
import { sopsConfig } from "../secrets/sops-config";
import { type Answers, CONTROL_PLANES, hostsIn, WORKERS, WORKERS_AFTER } from "./answers";
import { manifest } from "./manifest";

export interface ProjectProps {
  readonly answers: Answers;
  /** Name of the project: that of its folder. */
  readonly name: string;
  /** Names of the commands, which become npm scripts. */
  readonly commands: readonly string[];
  /** Where the reusable workflows are: `owner/repository@commit`. @default - they are left to be filled in */
  readonly workflows?: string;
  /** Public keys of age, with commas between. @default - no `.sops.yaml` is written */
  readonly recipients?: string;
}

/** The files of a new project by their paths, from the templates beside this file. */
export function projectFiles(props: ProjectProps): ReadonlyMap<string, string> {
  const { answers, name, recipients, workflows = "OWNER/REPOSITORY@COMMIT" } = props;
  const [repository = "", commit = ""] = workflows.split("@");
  const api = Address.parse(answers.apiAddress);
  const values: Readonly<Record<string, string>> = {
    ...answers,
    name,
    hosts: hostsIn(answers.hosts).join(", "),
    controlPlanes: String(CONTROL_PLANES),
    firstControlPlane: api.plus(1)?.text ?? "",
    workers: String(WORKERS),
    firstWorker: api.plus(WORKERS_AFTER)?.text ?? "",
    repository,
    commit,
  };
  const filled = (template: string) => fill(template, values);
  return new Map([
    ["cluster.yaml", filled("cluster.yaml")],
    ["main.ts", filled("main.ts")],
    ["cdktf.json", filled("cdktf.json")],
    ["package.json", manifest(props)],
    [".gitignore", filled("gitignore")],
    // Its tasks run npm scripts that a project has too.
    ["Taskfile.yaml", readFileSync(join(PACKAGE_ROOT, "Taskfile.yaml"), "utf8")],
    ...["apply", "backup", "drift", "plan"].map(
      (each) => [`.github/workflows/${each}.yml`, filled(`github/${each}.yml`)] as const,
    ),
    ...(recipients ? [[".sops.yaml", sopsConfig(recipientsIn(recipients))] as const] : []),
  ]);
}

/** @throws Error for what is no public key; what is a private one is not repeated, since it would be in a log then */
function recipientsIn(text: string): readonly string[] {
  const recipients = text.split(",").map((each) => each.trim());
  for (const each of recipients) {
    if (/^AGE-(SECRET-KEY|PLUGIN)-/i.test(each))
      throw new Error(
        '--age has an identity, which is a secret: give its recipient, which "age-keygen -y" prints',
      );
    if (!/^(age1[a-z0-9]+|ssh-(ed25519|rsa) \S.*)$/.test(each))
      throw new Error(`--age: "${each}" is not a public key of age; write it like age1…`);
  }
  return recipients;
}

/** `@@name@@` is replaced by a value. go-task and GitHub use braces themselves. */
function fill(template: string, values: Readonly<Record<string, string>>): string {
  const text = readFileSync(join(PACKAGE_ROOT, "init/templates", `${template}.template`), "utf8");
  return text.replaceAll(/@@(\w+)@@/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new TypeError(`the template ${template} has an unknown value: ${name}`);
    return value;
  });
}
