import { platform, type ToolchainContext } from "./context";
import type { ProgramPin } from "./program";
import { listedChecksum } from "./release";
import { AGE, AGE_KEYGEN, SOPS } from "./versions";

const sopsReleases = ({ githubReleases }: ToolchainContext) =>
  `${githubReleases}/getsops/sops/releases/download`;

/** Encrypts and decrypts files of secrets. */
export const SOPS_PIN: ProgramPin = {
  ...SOPS,
  name: "sops",
  variable: "SOPS",
  // Asking GitHub for a newer one would take time, and fails where there is no internet.
  versionArgs: ["--version", "--disable-version-check"],
  versionPattern: /^sops (\d+\.\d+\.\d+\S*)/m,
  site: "https://getsops.io",
  buildTime: "2 to 5 minutes",
  releases: sopsReleases,
  release: async (context) => {
    const folder = `${sopsReleases(context)}/v${SOPS.version}`;
    const file = `sops-v${SOPS.version}.${platform().replace("_", ".")}`;
    const list = `${folder}/sops-v${SOPS.version}.checksums.txt`;
    return { url: `${folder}/${file}`, sha256: await listedChecksum(list, file) };
  },
};

const age = {
  versionArgs: ["--version"],
  // A Debian package says it without the v.
  versionPattern: /^v?(\d+\.\d+\.\d+\S*)$/m,
  site: "https://age-encryption.org",
  buildTime: "half a minute",
} as const;

/** Encrypts files for recipients. Its releases have no list of checksums, so it is always built. */
export const AGE_PIN: ProgramPin = { ...AGE, ...age, name: "age", variable: "AGE" };

/** Makes the key pairs of age, and tells the recipient of a key. */
export const AGE_KEYGEN_PIN: ProgramPin = {
  ...AGE_KEYGEN,
  ...age,
  name: "age-keygen",
  variable: "AGE_KEYGEN",
};
