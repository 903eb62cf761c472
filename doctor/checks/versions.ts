import { stateLocation } from "../../config/state-location";
import { TALOS_SECRETS_TYPE } from "../../domain/talos-secrets";
import { deferSignals } from "../../process/defer-signals";
import { readFileIfExists } from "../../state/read-file-if-exists";
import { snapshotIfValid } from "../../state/snapshot";
import type { Check } from "../check";
import { type Line, NotChecked, pass, warn } from "../line";
import { isWrongKey, listResources } from "../list-resources";
import type { Site } from "../site";

/** Of the oldest ones: what was written before a change is among them. Each takes a request, and one that is encrypted OpenTofu. */
const LOOKED_AT = 8;
const RUNBOOK = "docs/runbooks/secrets-in-old-states.md";

export const versionsCheck: Check = {
  name: "versions",
  about: "whether old versions of the state have what the state of now keeps secret",
  async run(site) {
    const { encryption } = site.project.config;
    if (encryption.provider === "off") return [pass("in plain text, as the state of now")];
    const versions = await oldest(site);
    const readable = versions.filter(({ bytes }) => snapshotIfValid(bytes)?.encrypted === false);
    // A Ctrl-C waits until the copies are gone.
    const withSecrets = await deferSignals(() => firstWithSecrets(site, versions));
    const lines = [...plainText(readable), ...talosSecrets(withSecrets)];
    if (lines.length > 0) return lines;
    return [pass(versions.length === 0 ? "there is none" : `no secret in the oldest ${versions.length}`)];
  },
};

interface OldVersion {
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** @throws NotChecked where the state cannot be read, which is the matter of the check `state` */
async function oldest({ state, project }: Site): Promise<readonly OldVersion[]> {
  const place = stateLocation(project.config, "cluster", project.folder);
  // What OpenTofu keeps beside a file.
  const file = place.backend === "local" ? `${place.path}.backup` : undefined;
  const beside = file && readFileIfExists(file);
  try {
    await state.bytes();
    const store = await state.store();
    const old = (await store.versions()).filter(({ current }) => !current).reverse();
    const kept = old.slice(0, LOOKED_AT).map(async ({ id }) => ({ id, bytes: await store.version(id) }));
    return [...(beside ? [{ id: file, bytes: beside }] : []), ...(await Promise.all(kept))];
  } catch {
    throw new NotChecked("the state, or a version of it, cannot be read", "see the check state");
  }
}

function plainText(versions: readonly OldVersion[]): readonly Line[] {
  const [first] = versions;
  if (first === undefined) return [];
  const secrets = versions.some(({ bytes }) => hasTalosSecrets(bytes)) ? ", with the secrets of Talos" : "";
  const text = `in plain text${secrets}, while the state of now is encrypted: ${versions.map(({ id }) => id).join(", ")}`;
  return [warn(text, `delete them: ${RUNBOOK}`)];
}

const hasTalosSecrets = (bytes: Uint8Array): boolean =>
  new RegExp(`"type":\\s*"${TALOS_SECRETS_TYPE}"`).test(Buffer.from(bytes).toString());

/** Of a cluster whose secrets are out of the state; one that the key of now does not open tells nobody anything. */
async function firstWithSecrets(site: Site, versions: readonly OldVersion[]): Promise<string | undefined> {
  if (site.cluster.config.talos?.secrets !== "out-of-state") return undefined;
  for (const { id, bytes } of versions) {
    if (snapshotIfValid(bytes)?.encrypted !== true) continue;
    const { exitCode, stdout, stderr } = await listResources(site, bytes);
    if (exitCode !== 0 && !isWrongKey(stderr))
      throw new NotChecked("OpenTofu cannot open them", "see the check passphrase");
    if (stdout.includes(`${TALOS_SECRETS_TYPE}.`)) return id;
  }
  return undefined;
}

function talosSecrets(id: string | undefined): readonly Line[] {
  if (id === undefined) return [];
  const text = `${id} has the secrets of Talos, which are out of the state of now: whoever has the passphrase and this version has the cluster`;
  return [warn(text, `change the passphrase and delete the old versions: ${RUNBOOK}`)];
}
