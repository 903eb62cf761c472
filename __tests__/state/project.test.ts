import { stackFolder } from "../../state/project";
import { StateProject } from "./support/project";

test.each([
  [undefined, "/cluster/cdktf.out/stacks/cluster"],
  ["out", "/cluster/out/stacks/cluster"],
  ["/elsewhere/out", "/elsewhere/out/stacks/cluster"],
])("with CDKTF_OUTDIR %s, a stack is in %s, as cdktf has it", (outdir, folder) => {
  expect(stackFolder({ folder: "/cluster", env: { CDKTF_OUTDIR: outdir } }, "cluster")).toBe(folder);
});

test("of several clusters, each has a folder of its own for its stacks", () => {
  const project = { folder: "/repo", env: {}, cluster: "staging" };
  expect(stackFolder(project, "cluster")).toBe("/repo/cdktf.out/stacks/staging");
  expect(stackFolder(project, "proxmox-access")).toBe("/repo/cdktf.out/stacks/staging-proxmox-access");
  expect(stackFolder(project, "bootstrap")).toBe("/repo/cdktf.out/stacks/bootstrap");
});

test("what the environment says about the state wins over cluster.yaml", () => {
  const made = new StateProject({ env: { STATE_BACKEND: "r2" }, state: ["backend: local", "bucket: mine"] });
  try {
    const { config, files, folder } = made.load();
    expect({ ...config, files, folder }).toMatchObject({
      backend: "r2",
      bucket: "mine",
      files: [made.clusterFile],
      folder: made.folder,
    });
  } finally {
    made.remove();
  }
});
