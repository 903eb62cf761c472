import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Command, Option } from "commander";
import { PlainPassword } from "../worker/src/auth/credential-text";
import { hashPassword, maxIterations } from "../worker/src/auth/password";
import { type AuditEntry, type AuditHead, verifyAudit } from "../worker/src/sqlite/audit-chain";
import { run } from "./run";

interface Connection {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

const program = new Command()
  .description("operate a tfstate Worker")
  .addHelpText("afterAll", "\nexit codes: 0 done, 1 an error, or what verify-audit finds");

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
  .option("--iterations <number>", "iterations of PBKDF2", Number, maxIterations)
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
  .description(
    "check that no audit entry of any state was changed, removed or inserted; compares with the backup too",
  )
  .action(async (connection: Connection) => {
    const chains = (await stateNames(connection)).map((name) => [name, statePath(name)] as const);
    for (const [what, path] of [["deployment", ""] as const, ...chains]) {
      const defect = await auditDefect(connection, path).catch((error: unknown) => error);
      const isOk = defect === null;
      const label = isOk ? "ok    " : typeof defect === "string" ? "BROKEN" : "FAILED";
      const why = isOk ? "" : `: ${defect instanceof Error ? defect.message : defect}`;
      console.log(`${label}  ${what}${why}`);
      // One chain that cannot be read is named, and does not keep the others from their check.
      if (!isOk) process.exitCode = 1;
    }
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

/** What is wrong with the audit of a state, or of the deployment where `path` is empty; null if nothing is. */
async function auditDefect(connection: Connection, path: string): Promise<string | null> {
  // First the heads: what is added to the audit meanwhile is newer than all of them.
  const heads = path === "" ? [] : await keptHeads(connection, path);
  return verifyAudit(await wholeAudit(connection, `${path}/audit`), heads);
}

/** The heads of a state's audit that its copies in the backup bucket carry. */
async function keptHeads(connection: Connection, path: string): Promise<readonly AuditHead[]> {
  const heads: AuditHead[] = [];
  for (let after = ""; ; ) {
    const reply = await fetchFrom(connection, `${path}/backup?after=${encodeURIComponent(after)}`);
    const answer = (await reply.json()) as {
      readonly error?: string;
      readonly copies: readonly { readonly audit: AuditHead | null }[];
      readonly next: string | null;
    };
    if (answer.error === "backup_not_configured") return [];
    if (!reply.ok) throw new Error(`GET ${path}/backup answers ${reply.status}: ${JSON.stringify(answer)}`);
    heads.push(...answer.copies.flatMap(({ audit }) => audit ?? []));
    if (answer.next === null) return heads;
    after = answer.next;
  }
}

async function ask(connection: Connection, path: string): Promise<Response> {
  const reply = await fetchFrom(connection, path);
  if (reply.ok) return reply;
  throw new Error(`GET ${path} answers ${reply.status}: ${await reply.text()}`);
}

function fetchFrom({ url, username, password }: Connection, path: string): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  return fetch(`${url.replace(/\/+$/, "")}${path}`, { headers: { authorization } });
}

run("worker:admin", program);
