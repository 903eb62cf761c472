import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BootstrapStack, type BootstrapStackProps } from "../../stacks/bootstrap-stack";
import { ACCOUNT } from "../support/cloudflare-account";
import { schemaProblems } from "../support/pinned-schema";
import { newApp, synthStack } from "../support/synth";

const CODE = "export default {};";
const folder = mkdtempSync(join(tmpdir(), "bootstrap-"));
const path = join(folder, "index.mjs");
beforeAll(() => writeFileSync(path, CODE));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bundle = {
  path,
  sha256: createHash("sha256").update(CODE).digest("hex"),
  compatibilityDate: "2026-04-01",
};

function templateOf(props: Partial<BootstrapStackProps> = {}) {
  const stack = new BootstrapStack(newApp(), "bootstrap", { accountId: ACCOUNT, ...props });
  stack.prepareStack();
  const template = synthStack(stack);
  expect(schemaProblems(template)).toEqual([]);
  return template;
}

const shapes: Record<string, Partial<BootstrapStackProps>> = {
  "buckets and a token": {},
  "with a Worker on workers.dev": { worker: { module: bundle, workersDevSubdomain: "my-team" } },
  "in a jurisdiction, with a domain": {
    bucket: "states",
    jurisdiction: "eu",
    worker: { module: bundle, domain: { hostname: "tfstate.example.com", zoneId: ACCOUNT } },
  },
};

test.each(Object.entries(shapes))("%s", (_, props) => {
  expect(templateOf(props)).toMatchSnapshot();
});

test("the key pair is sensitive, and the address of the Worker is told where it is known", () => {
  const { output } = templateOf({ worker: { module: bundle, workersDevSubdomain: "my-team" } });
  expect(output.s3_access_key_id?.sensitive).toBe(true);
  expect(output.s3_secret_access_key?.sensitive).toBe(true);
  expect(output.worker_url?.value).toBe("https://tfstate.my-team.workers.dev");
  expect(templateOf({ worker: { module: bundle } }).output).not.toHaveProperty("worker_url");
});

test("nothing that keeps states can be destroyed, unless all of it may", () => {
  const guards = (allowDestroy?: boolean) => {
    const { resource } = templateOf({ worker: { module: bundle }, allowDestroy });
    return ["cloudflare_r2_bucket", "cloudflare_workers_script"].flatMap((type) =>
      Object.values(resource[type] ?? {}).map(
        ({ lifecycle }) => (lifecycle as { prevent_destroy: boolean }).prevent_destroy,
      ),
    );
  };
  expect(guards()).toEqual([true, true, true]);
  expect(guards(true)).toEqual([false, false, false]);
});

test("its own state lies where it is told, encrypted", () => {
  const { terraform } = templateOf({ state: { backend: "local", path: join(folder, "x.tfstate") } });
  expect(terraform).toMatchObject({
    backend: { local: { path: join(folder, "x.tfstate") } },
    encryption: { state: { enforced: true } },
  });
});
