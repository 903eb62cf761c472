import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StateBackend } from "../../config";
import { Tofu } from "../../process/tofu";
import { snapshot } from "../../state/snapshot";
import { inheritedEnv } from "../support/inherited-env";
import { TofuClient } from "./support/tofu-client";
import { useBackends } from "./support/use-backends";

const OLD = { TF_VAR_state_passphrase: "correct horse battery staple" };
const NEW = { TF_VAR_state_passphrase: "another passphrase, long enough" };
const BOTH = { ...NEW, TF_VAR_state_passphrase_previous: OLD.TF_VAR_state_passphrase };

/** Of the keys' derivation, which is most of the time of a short run. */
const fewestRounds = (...keys: readonly string[]) =>
  JSON.stringify({
    key_provider: { pbkdf2: Object.fromEntries(keys.map((key) => [key, { iterations: 200_000 }])) },
  });

const folder = mkdtempSync(join(tmpdir(), "key-rotation-"));
const remote = useBackends();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const backends: readonly StateBackend[] = ["local", "r2", "worker"];

describe.each(backends)("%s", (backend) => {
  /** A laptop with that cluster.yaml and those passphrases; `state` says whose state. */
  async function laptop(state: string, encryption: string, passphrases: Readonly<Record<string, string>>) {
    const project = remote.project({
      backend,
      name: state,
      env: { ...passphrases, TF_ENCRYPTION: fewestRounds(...(encryption.match(/first|second/g) ?? [])) },
      state: [
        `path: ${folder}/${backend}-${state}.tfstate`,
        `encryption: { provider: pbkdf2, ${encryption} }`,
      ],
    });
    const made = new TofuClient(project);
    await made.init();
    return Object.assign(made, {
      /** As OpenTofu reads it. */
      stateId: () => {
        const stackFolder = join(project.folder, "cdktf.out/stacks/cluster");
        const env = { ...inheritedEnv(), ...project.env };
        const file = env.TERRAFORM_BINARY_NAME ?? "tofu";
        const { signal } = new AbortController();
        return new Tofu({ file, stackFolder, logs: stackFolder, env, signal, again: "" }).stateId();
      },
      kept: async () => snapshot((await project.store(backend).read()) ?? new Uint8Array(), backend),
    });
  }

  test("a state is told from none, and its serial and lineage are those of the backend", async () => {
    const client = await laptop("told", "key_id: first", OLD);
    expect(await client.stateId()).toBeUndefined();
    await client.applied("-var=step=1");
    const { serial, lineage } = await client.kept();
    expect(await client.stateId()).toEqual({ serial, lineage });
  });

  test.each([
    ["a deploy that changes something", "changed", 2],
    ["a deploy where nothing changes", "unchanged", 1],
  ])("the passphrase is rotated by %s", async (_, state, step) => {
    const before = await laptop(state, "key_id: first", OLD);
    expect((await before.apply(1)).exitCode).toBe(0);
    const { lineage } = await before.kept();

    const during = await laptop(state, "key_id: second, previous: { provider: pbkdf2, key_id: first }", BOTH);
    if (step === 1) await during.deployUnchanged(step);
    else await during.applied(`-var=step=${step}`);

    const after = await laptop(state, "key_id: second", NEW);
    expect(await after.isUpToDate(step)).toBe(true);
    expect(await after.kept()).toMatchObject({ lineage, encrypted: true });

    // Who still has the old one reads nothing, writes nothing, and is told why.
    const { sha256 } = await after.kept();
    const late = await before.apply(9);
    expect(late.exitCode).toBe(1);
    expect(late.said).toMatch(/decrypt/i);
    expect((await after.kept()).sha256).toBe(sha256);
  });
});
