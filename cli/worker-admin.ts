import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Command, Option } from "commander";
import { PlainPassword } from "../worker/src/auth/credential-text";
import { hashPassword, maxIterations } from "../worker/src/auth/password";
import { type AuditEntry, verifyAudit } from "../worker/src/sqlite/audit-chain";

interface Connection {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

const program = new Command("worker:admin").description("commands for the operator of a tfstate Worker");

/** Not as a default value: the help would print it. */
const fromEnv = (flags: string, description: string, variable: string): Option =>
  new Option(flags, description).env(variable).makeOptionMandatory();

const connected = (command: Command): Command =>
  command
    .requiredOption("--url <url>", "address in front of /states")
    .addOption(fromEnv("--username <name>", "Basic user name", "TFSTATE_USERNAME"))
    .addOption(fromEnv("--password <password>", "Basic password", "TFSTATE_PASSWORD"));

program
  .command("hash-password")
  .description("hash the password in TFSTATE_PASSWORD for the Worker's configuration")
  .option("--iterations <number>", "of PBKDF2", Number, maxIterations)
  .action(async ({ iterations }: { readonly iterations: number }) => {
    const password = process.env.TFSTATE_PASSWORD;
    if (!password)
      throw new Error("TFSTATE_PASSWORD is not set; the password is read from there, not from the arguments");
    if (!Number.isInteger(iterations) || iterations < 1 || iterations > maxIterations)
      throw new Error(
        `--iterations is not a whole number from 1 to ${maxIterations}, which the Workers runtime allows`,
      );
    // Once it is hashed, the Worker cannot tell any more that it could never log in.
    const { error } = PlainPassword.safeParse(password);
    if (error) throw new Error(`TFSTATE_PASSWORD ${error.issues.map(({ message }) => message).join("; ")}`);
    console.log(await hashPassword(password, iterations));
  });

connected(program.command("verify-audit"))
  .description("check that no audit entry of any state was changed, removed or inserted")
  .action(async (connection: Connection) => {
    let broken = 0;
    for (const [what, path] of [
      ["deployment", "/audit"],
      ...(await stateNames(connection)).map((name) => [name, `${statePath(name)}/audit`]),
    ]) {
      const defect = verifyAudit(await wholeAudit(connection, path ?? ""));
      console.log(`${defect === null ? "ok    " : "BROKEN"}  ${what}${defect === null ? "" : `: ${defect}`}`);
      if (defect !== null) broken++;
    }
    process.exitCode = broken === 0 ? 0 : 1;
  });

connected(program.command("export"))
  .description("write each current state to <dir>/<name>.tfstate, as the local and S3 backends read it")
  .requiredOption("--out <dir>", "folder to write to")
  .action(async ({ out, ...connection }: Connection & { readonly out: string }) => {
    await mkdir(resolve(out), { recursive: true });
    for (const name of await stateNames(connection)) {
      try {
        const reply = await ask(connection, statePath(name));
        if (reply.status === 204) continue;
        // The file holds secrets like any state; nobody else on this machine needs to read it.
        await writeFile(join(resolve(out), `${name}.tfstate`), Buffer.from(await reply.arrayBuffer()), {
          mode: 0o600,
        });
        console.log(`${name}.tfstate`);
      } catch (error) {
        // The others are worth having even so.
        console.error(`${name}: ${error instanceof Error ? error.message : error}`);
        process.exitCode = 1;
      }
    }
  });

const statePath = (name: string): string => `/states/${encodeURIComponent(name)}`;

async function stateNames(connection: Connection): Promise<string[]> {
  const names: string[] = [];
  for (;;) {
    const after = encodeURIComponent(names.at(-1) ?? "");
    const page = (await (await ask(connection, `/states?after=${after}`)).json()) as { name: string }[];
    if (page.length === 0) return names;
    names.push(...page.map(({ name }) => name));
  }
}

async function wholeAudit(connection: Connection, path: string): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = [];
  for (;;) {
    const reply = await ask(connection, `${path}?after=${entries.at(-1)?.seq ?? 0}&limit=1000`);
    const page = (await reply.json()) as AuditEntry[];
    if (page.length === 0) return entries;
    entries.push(...page);
  }
}

async function ask({ url, username, password }: Connection, path: string): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const reply = await fetch(`${url.replace(/\/+$/, "")}${path}`, { headers: { authorization } });
  if (reply.ok) return reply;
  throw new Error(`GET ${path} answers ${reply.status}: ${await reply.text()}`);
}

program.parseAsync().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
