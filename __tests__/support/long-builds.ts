/** What the setup of all tests has started beside them, and the teardown ends. Both run in the process of jest itself. */
export const longBuilds: { readonly stop: AbortController; running: Promise<void> } = {
  stop: new AbortController(),
  running: Promise.resolve(),
};
