import { StateBucket } from "../../constructs/state-bucket";
import { BootstrapStack, type BootstrapStackProps } from "../../stacks/bootstrap-stack";
import { ACCOUNT, workerModule, ZONE } from "../support/cloudflare";
import { schemaProblems } from "../support/pinned-schema";
import { newApp, synthStack } from "../support/synth";

function templateOf(props: Partial<BootstrapStackProps> = {}) {
  const stack = new BootstrapStack(newApp(), "bootstrap", { accountId: ACCOUNT, ...props });
  stack.prepareStack();
  const template = synthStack(stack);
  expect(schemaProblems(template)).toEqual([]);
  return template;
}

const shapes: Record<string, Partial<BootstrapStackProps>> = {
  "buckets and a token": {},
  "with a Worker on workers.dev": { worker: { module: workerModule, workersDevSubdomain: "my-team" } },
  "in a jurisdiction, with a domain": {
    bucketName: "states",
    jurisdiction: "eu",
    worker: { module: workerModule, domain: { hostname: "tfstate.example.com", zoneId: ACCOUNT } },
  },
};

test.each(Object.entries(shapes))("%s", (_, props) => {
  expect(templateOf(props)).toMatchSnapshot();
});

test("the key pair is sensitive, and the address of the Worker is told where it is known", () => {
  const { output } = templateOf({ worker: { module: workerModule, workersDevSubdomain: "my-team" } });
  expect(output.s3_access_key_id?.sensitive).toBe(true);
  expect(output.s3_secret_access_key?.sensitive).toBe(true);
  expect(output.worker_url?.value).toBe("https://tfstate.my-team.workers.dev");
  expect(templateOf({ worker: { module: workerModule } }).output).not.toHaveProperty("worker_url");
});

test("nothing that keeps states can be destroyed, unless all of it may", () => {
  const guards = (allowDestroy?: boolean) => {
    const { resource } = templateOf({ worker: { module: workerModule }, allowDestroy });
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
  const { terraform } = templateOf({ state: { backend: "local", path: "/states/bootstrap.tfstate" } });
  expect(terraform).toMatchObject({
    backend: { local: { path: "/states/bootstrap.tfstate" } },
    encryption: { state: { enforced: true } },
  });
});

describe("a bucket that is there already", () => {
  const theirs = (accountId = ACCOUNT) =>
    StateBucket.fromAttributes(newApp(), "theirs", { accountId, bucketName: "theirs" });

  test("is bound and opened, and not made", () => {
    const { resource, output } = templateOf({ bucket: theirs(), worker: { module: workerModule } });
    expect(Object.keys(resource.cloudflare_r2_bucket ?? {})).toEqual(["backup"]);
    expect(resource.cloudflare_r2_bucket?.backup?.name).toBe("theirs-backup");
    expect(output.state_bucket?.value).toBe("theirs");
    expect(resource.cloudflare_account_token?.s3).toMatchObject({ name: "theirs" });
    expect(JSON.stringify(resource.cloudflare_workers_script)).toContain('"bucket_name":"theirs"');
  });

  test("goes for both buckets", () => {
    const { resource } = templateOf({ bucket: theirs(), backupBucket: theirs() });
    expect(Object.keys(resource)).toEqual(["cloudflare_account_token"]);
  });

  test.each<[() => Partial<BootstrapStackProps>, string]>([
    [
      () => ({ bucket: theirs(), bucketName: "ours" }),
      'stack "bootstrap": bucket has a name already, "theirs"; leave bucketName out',
    ],
    [
      () => ({ backupBucket: theirs(ZONE) }),
      `stack "bootstrap": bucket "theirs" is in account ${ZONE}, the stack in ${ACCOUNT}`,
    ],
  ])("%#: is refused where the props contradict it", (props, message) => {
    expect(() => templateOf(props())).toThrow(message);
  });
});
