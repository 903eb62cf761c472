import { Gateway } from "../bootstrap/support/gateway";
import { Program } from "./support/program";
import { TofuClient } from "./support/tofu-client";
import { useBackends } from "./support/use-backends";

/* What docs/state.md says of OpenTofu on R2: it sends the PUT of its lock again, and meets the lock that it has written. */

const backends = useBackends();
const program = new Program("cli/state.ts");

test("a lock whose answer was lost is OpenTofu's own: list names it, unlock takes it away, and the apply goes on", async () => {
  const gateway = await Gateway.to(backends.s3Url);
  try {
    const project = backends.project({
      backend: "r2",
      state: ["encryption: { provider: off, reason: a test }"],
      env: { AWS_ENDPOINT_URL_S3: gateway.url },
    });
    const laptop = new TofuClient(project);
    await laptop.init();
    for (const step of [1, 2]) {
      const lost = gateway.loseAnswer(/^PUT .*\.tflock$/);
      const refused = await laptop.apply(step);
      await lost;
      expect([refused.exitCode, refused.said]).toEqual([
        1,
        expect.stringMatching(/Error acquiring the state lock.*PreconditionFailed/),
      ]);
      const state = (...args: string[]) => program.run(project.folder, args, project.env);
      const [, id = ""] = /, lock (\S+)/.exec((await state("list")).said) ?? [];
      expect(refused.said).toContain(id);
      expect(await state("unlock", id, "--yes")).toMatchObject({ exitCode: 0 });
      expect((await laptop.apply(step)).exitCode).toBe(0);
      expect(await laptop.isUpToDate(step)).toBe(true);
    }
  } finally {
    await gateway.close();
  }
});
