import { join } from "node:path";
import { runGroup } from "../../../process/process-group";

const cwd = join(__dirname, "../../../stand-ins/providers");
const env = { ...process.env, GOWORK: "off", GOFLAGS: "-mod=readonly -trimpath", CGO_ENABLED: "0" };

it("the Go program is formatted", async () => {
  expect(
    await runGroup("gofmt", ["-l", ".", "../talos-config", "../../schemas"], { cwd, env }),
  ).toMatchObject({
    exitCode: 0,
    output: "",
  });
});

it("the Go program passes its tests and vet", async () => {
  const { exitCode, output } = await runGroup("go", ["test", "-vet=all", "./..."], { cwd, env });
  expect({ exitCode, output }).toEqual({
    exitCode: 0,
    output: expect.stringMatching(/ok.*cloudflare[\s\S]*ok.*plugin[\s\S]*ok.*talos/),
  });
});
