import { temporaryFolder } from "./__tests__/support/temporary-folder.mjs";

// Whatever a run leaves in the temporary folder, also one that fails or is killed, goes with it or at the next one.
process.env.TMPDIR = temporaryFolder();

/** What all projects share. */
const common = {
  cacheDirectory: "<rootDir>/node_modules/.cache/jest",
  testEnvironment: "node",
  roots: ["<rootDir>/__tests__"],
  transform: {
    "^.+\\.m?[tj]s$": ["@swc/jest", { jsc: { target: "es2022", parser: { syntax: "typescript" } } }],
  },
  // Several of our dependencies are published as ES modules only; jest itself runs CommonJS.
  transformIgnorePatterns: [
    "node_modules/(?!(listr2|env-paths|@sindresorhus|is-safe-filename|hono|jose|@clack|fast-string-width|fast-string-truncated-width|fast-wrap-ansi|sisteransi)/)",
  ],
  moduleNameMapper: {
    "^cdktf-proxmox-talos$": "<rootDir>/index.ts",
    "^cdktf-proxmox-talos/cloudflare$": "<rootDir>/cloudflare.ts",
  },
  modulePathIgnorePatterns: ["<rootDir>/dist", "<rootDir>/cdktf.out", "<rootDir>/.local"],
};

/** @type {import("jest").Config} */
export default {
  maxWorkers: 2,
  testSequencer: "<rootDir>/__tests__/support/longest-first.cjs",
  // For the tests that run real programs: a bound on a hang, not an expectation.
  testTimeout: 900_000,
  projects: [
    {
      ...common,
      displayName: "unit",
      testMatch: ["**/*.test.ts"],
      testPathIgnorePatterns: ["\\.e2e\\.test\\.ts$"],
    },
    {
      ...common,
      displayName: "e2e",
      testMatch: ["**/*.e2e.test.ts"],
      // Real OpenTofu and the real provider: made once, before the first of these tests.
      globalSetup: "<rootDir>/__tests__/support/toolchain-setup.ts",
      globalTeardown: "<rootDir>/__tests__/support/toolchain-teardown.ts",
    },
  ],
};
