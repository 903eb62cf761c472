const { existsSync } = require("node:fs");
const { join } = require("node:path");
const { default: Sequencer } = require("@jest/test-sequencer");

// Suites of a minute and more. Jest knows how long they take only where it has run them before; on a bare machine one that comes late
// runs alone in the end, with a core idle. Those that need what is still being built then are not the first.
const LONG = [
  ...[
    "bootstrap/worker.e2e",
    "e2e/lifecycle.e2e",
    "e2e/bootstrap-stack.e2e",
    "bootstrap/r2.e2e",
    "state/killed",
  ],
  ...["e2e/start.e2e", "e2e/tasks.e2e", "talos/change/change.e2e", "library/pack.e2e", "e2e/workflows.e2e"],
  ...["docs/migrations.e2e", "docs/getting-started.e2e", "state/commands", "state/races"],
  ...["stand-ins/proxmox/faults.e2e", "worker/faults", "worker/conformance/conformance"],
  ...["ansible/playbooks.e2e", "bootstrap/two-people.e2e", "talos/commands.e2e", "state/migrate.e2e"],
].map((name) => join(__dirname, "..", `${name}.test.ts`));

const gone = LONG.filter((path) => !existsSync(path));
if (gone.length > 0)
  throw new Error(`${__filename} names ${gone.join(", ")}, which is not there; correct the list`);

module.exports = class LongestFirst extends Sequencer {
  async sort(tests) {
    const place = ({ path }) => (LONG.includes(path) ? LONG.indexOf(path) : LONG.length);
    return [...(await super.sort(tests))].sort((one, other) => place(one) - place(other));
  }
};
