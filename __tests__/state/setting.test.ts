import { stackFolder } from "../../state/setting";
import { StateProject } from "./support/project";

test.each([
  [undefined, "/cluster/cdktf.out/stacks/cluster"],
  ["out", "/cluster/out/stacks/cluster"],
  ["/elsewhere/out", "/elsewhere/out/stacks/cluster"],
])("with CDKTF_OUTDIR %s, a stack is in %s, as cdktf has it", (outdir, folder) => {
  const project = new StateProject({ env: {}, state: ["backend: local"] });
  const setting = { ...project.setting, folder: "/cluster", env: { CDKTF_OUTDIR: outdir } };
  project.remove();
  expect(stackFolder(setting, "cluster")).toBe(folder);
});
