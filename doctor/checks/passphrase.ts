import { deferSignals } from "../../process/defer-signals";
import { tail } from "../../process/process-group";
import { snapshot } from "../../state/snapshot";
import type { Check } from "../check";
import { fail, type Line, NotChecked, pass } from "../line";
import { isWrongKey, listResources } from "../list-resources";
import type { Site } from "../site";

const VARIABLE = "TF_VAR_state_passphrase";
/** OpenTofu takes no shorter one. */
const SHORTEST = 16;

export const passphraseCheck: Check = {
  name: "passphrase",
  about: "whether the key opens the state",
  async run(site) {
    const { encryption } = site.project.config;
    if (encryption.provider === "off") return [pass(`none is needed: ${encryption.reason}`)];
    if (encryption.provider === "pbkdf2") {
      const problem = problemOf(site.env[VARIABLE] ?? "");
      if (problem) return [problem];
    }
    const bytes = await stateOf(site);
    if (bytes === undefined) return [pass("no state yet; the first apply encrypts it")];
    if (!snapshot(bytes, "the state").encrypted)
      return [pass("the state is in plain text; the check state says whether that is right")];
    // A Ctrl-C waits until the copy is gone.
    return [await deferSignals(() => opens(site, bytes))];
  },
};

function problemOf(passphrase: string): Line | undefined {
  if (passphrase === "") return fail(`${VARIABLE} is not set`, "export the passphrase of the state");
  if (passphrase.length >= SHORTEST) return undefined;
  return fail(
    `${VARIABLE} has ${passphrase.length} characters, and OpenTofu wants ${SHORTEST}`,
    "export the passphrase of the state; a new one is made by openssl rand -base64 32",
  );
}

/** @throws NotChecked if it cannot be read, which is the matter of the check `state` */
async function stateOf({ state }: Site): Promise<Uint8Array | undefined> {
  try {
    return await state.bytes();
  } catch {
    throw new NotChecked("the state cannot be read", "see the check state");
  }
}

async function opens(site: Site, bytes: Uint8Array): Promise<Line> {
  const { exitCode, stderr } = await listResources(site, bytes);
  if (exitCode === 0) return pass("the key opens the state");
  if (isWrongKey(stderr)) {
    return fail(
      "the key does not open the state",
      "take the one that it was written with; after a rotation, state.encryption.previous names the key before",
    );
  }
  const said = tail(stderr).replace(/[│╷╵]/g, "").replace(/\s+/g, " ").trim();
  return fail(
    `OpenTofu cannot make the key: ${said}`,
    "check state.encryption, and the credentials of its key service",
  );
}
