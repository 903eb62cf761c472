// What the release of this package needs, for maintainers and for .github/workflows/release.yml. See docs/releasing.md.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { run } from "../cli/run";
import { GitHubApi, readJob } from "../github";
import { changesOf, withLinksInto } from "./changelog";
import { checkTag } from "./check-tag";
import { makeSbom } from "./sbom";
import { copyTools } from "./tools";
import { makeVersion } from "./version";

const ROOT = join(__dirname, "..");
const read = (name: string) => readFileSync(join(ROOT, name), "utf8");
const currentVersion = (): string => (JSON.parse(read("package.json")) as { version: string }).version;

const program = new Command()
  .description("make a version of this package, and check and describe it for its release")
  .addHelpText("after", "\nexit codes: 0 done, 1 not done");

program
  .command("version")
  .description("turn the files in .changeset/ into a version and a section of CHANGELOG.md")
  .action(() => console.log(`v${makeVersion(ROOT)}`));

program
  .command("check")
  .description("check in a job of GitHub Actions that a tag may be released")
  .argument("<tag>", "such as v1.2.3")
  .action(async (tag: string) => {
    const job = readJob(process.env);
    await checkTag(new GitHubApi(job, process.env), { tag, job, root: ROOT });
    console.log(`${tag} is signed and on main`);
  });

program
  .command("notes")
  .description("print what CHANGELOG.md says of the version in package.json")
  .argument("<url>", "of the folder that its links lead into")
  .action((url: string) =>
    console.log(withLinksInto(url, changesOf(read("CHANGELOG.md"), currentVersion()))),
  );

program
  .command("sbom")
  .description("print what is installed with the package, as CycloneDX")
  .action(() => console.log(makeSbom(ROOT).trimEnd()));

program
  .command("tools")
  .description("copy OpenTofu, talosctl, sops and age into a folder")
  .argument("<folder>", "is made where there is none")
  .action(async (folder: string) => {
    const report = (line: string) => process.stderr.write(`${line}\n`);
    for (const line of await copyTools(folder, { report })) console.log(line);
  });

run("release", program);
