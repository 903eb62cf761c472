import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { COMMANDS } from "../../cli/commands";
import { requirePlain } from "../support/plain-output";
import { ROOT, TYPESCRIPT } from "../support/running-program";

const ENV = { ...process.env, CLUSTER_CONFIG: join(ROOT, "examples/two-clusters") };

function main(...args: readonly string[]): string {
  const words = [...TYPESCRIPT, "cli/main.ts", ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, {
    cwd: ROOT,
    env: ENV,
    encoding: "utf8",
  });
  requirePlain({ command: args, stdout, stderr, isWhole: true });
  if (status !== 0) throw new Error(`${args.join(" ")} ended with ${status}: ${stderr}`);
  return stdout;
}

/** What completes the last of these words. */
const completed = (...words: readonly string[]) =>
  main("complete", "--", ...words)
    .split("\n")
    .filter((line) => /^[\w-]/.test(line))
    .map((line) => line.split("\t")[0]);

test("commands, subcommands, options and clusters are completed", () => {
  expect(completed("")).toEqual(expect.arrayContaining(COMMANDS.map(({ name }) => name)));
  expect(completed("state", "re")).toEqual(["restore", "reconfigure"]);
  expect(completed("plan", "--s")).toEqual(["--summary"]);
  expect(completed("config", "show", "--cluster", "")).toEqual(["production", "staging"]);
});

test("bash completes by the script that it gets", () => {
  // The program is a function, as in a shell with an alias.
  const program = `cdktf-proxmox-talos() { "${process.execPath}" ${TYPESCRIPT.join(" ")} cli/main.ts "$@"; }`;
  const script = [
    program,
    main("completion", "bash"),
    'COMP_LINE="cdktf-proxmox-talos pend"; COMP_POINT=${#COMP_LINE}; COMP_WORDS=(cdktf-proxmox-talos pend); COMP_CWORD=1',
    "_get_comp_words_by_ref() { cur=pend; prev=cdktf-proxmox-talos; words=(cdktf-proxmox-talos pend); cword=1; }",
    `$(complete -p cdktf-proxmox-talos | sed 's/.*-F \\([^ ]*\\).*/\\1/') cdktf-proxmox-talos pend cdktf-proxmox-talos`,
    'printf "%s\\n" "${COMPREPLY[@]}"',
  ].join("\n");
  const { stdout, stderr } = spawnSync("bash", ["-c", script], { cwd: ROOT, env: ENV, encoding: "utf8" });
  expect({ stdout, stderr }).toMatchObject({ stdout: expect.stringMatching(/^pending\s*$/m) });
});

test.each(["zsh", "fish"])("%s gets a script of its own", (shell) => {
  expect(main("completion", shell)).toContain(`${shell} completion for cdktf-proxmox-talos`);
});
