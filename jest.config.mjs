/** @type {import("jest").Config} */
export default {
  testEnvironment: "node",
  roots: ["<rootDir>/__tests__"],
  testMatch: ["**/*.test.ts"],
  transform: {
    "^.+\\.m?[tj]s$": ["@swc/jest", { jsc: { target: "es2023", parser: { syntax: "typescript" } } }],
  },
  // Several of our dependencies are published as ES modules only; jest itself runs CommonJS.
  transformIgnorePatterns: [
    "node_modules/(?!(execa|listr2|env-paths|@sindresorhus|is-safe-filename|hono|jose)/)",
  ],
  moduleNameMapper: { "^cdktf-proxmox-talos$": "<rootDir>/index.ts" },
  modulePathIgnorePatterns: ["<rootDir>/dist", "<rootDir>/cdktf.out", "<rootDir>/.local"],
};
