import { type LoggedRequest, type RunningProxmox, startProxmox } from "../../../stand-ins/proxmox";
import { Program } from "./support/program";
import { hasPython, Referee } from "./support/referee";

let proxmox: RunningProxmox;
let program: Program;
let referee: Referee;

beforeAll(async () => {
  if (!(await hasPython())) {
    throw new Error("this test needs python3 with venv, to run fakepve: Proxmox' API schema as a server");
  }
  proxmox = await startProxmox();
  program = new Program("cluster", proxmox);
  referee = await Referee.start();
});
afterAll(async () => {
  program?.project.remove();
  await referee?.stop();
  await proxmox?.stop();
});

test("the referee knows a wrong parameter, and a missing one", async () => {
  const call = (fields: Record<string, string>) =>
    referee.call("POST", "/nodes/pve1/qemu", new URLSearchParams(fields));
  expect(await call({ vmid: "900", bogus: "1" })).toMatchObject({
    status: 400,
    body: expect.stringContaining("bogus"),
  });
  expect(await call({ vmid: "900", cores: "many" })).toMatchObject({ status: 400 });
  expect(await call({ name: "x" })).toMatchObject({ status: 400, body: expect.stringContaining("vmid") });
  expect((await call({ vmid: "900", cores: "2" })).status).toBe(200);
});

test("Proxmox' API schema accepts every request that the real provider sends", async () => {
  await program.init();
  await program.apply();
  await program.apply({
    memory: 6144,
    cores: 4,
    boot_disk: 30,
    data_disks: { scsi1: 50, scsi2: 10 },
    bridges: ["vmbr0", "vmbr1"],
  });
  await program.apply({ host_of_b: "pve3", tags: ["a"] });
  await program.apply({ ha: false });
  await program.apply({ host_of_b: "pve2", data_disks: { scsi1: 50 }, bridges: ["vmbr0"] });
  await program.project.ok("destroy", "-input=false", "-auto-approve");

  const requests = distinct(await proxmox.control.listRequests());
  const calls = new Set(requests.map(({ method, template }) => `${method} ${template}`));
  expect([...calls].sort()).toMatchSnapshot("the calls that the provider makes");

  const refused: string[] = [];
  for (const { method, path, parameters } of requests) {
    const { status, body } = await referee.call(method, onOneHost(path), fieldsOf(parameters));
    // A request that fails with 500 or 501, because fakepve lacks the state, has passed the check of its parameters.
    if (status === 400 || status === 404)
      refused.push(`${method} ${path} ${JSON.stringify(parameters)}: ${body}`);
  }
  expect(refused).toEqual([]);
});

/** The referee has only one host, and accepts no slash at the end. */
const onOneHost = (path: string): string => path.replace(/^\/nodes\/pve\d/, "/nodes/pve1").replace(/\/$/, "");

/** The provider polls a lot. */
function distinct(requests: readonly LoggedRequest[]): readonly LoggedRequest[] {
  const key = ({ method, path, parameters }: LoggedRequest) =>
    JSON.stringify([method, path.replace(/UPID:[^/]*/, "UPID"), parameters]);
  return [...new Map(requests.map((request) => [key(request), request])).values()];
}

function fieldsOf(parameters: LoggedRequest["parameters"]): URLSearchParams {
  const fields = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const each of [value].flat()) fields.append(name, each);
  }
  return fields;
}
