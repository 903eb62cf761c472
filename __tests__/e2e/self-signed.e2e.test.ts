import { Deployment } from "../support/deployment";
import { cluster, controlPlane } from "../support/nodes";

const small = { disk: { storage: "local-lvm", sizeGiB: 10 } };

test("a Proxmox whose CA is unknown is reached only where that is asked for", async () => {
  const deployment = await Deployment.start();
  const { env, project } = deployment;
  const plan = async (insecure?: boolean) => {
    const props = cluster([controlPlane(1, small)], { bootMode: "iso" });
    deployment.write({ ...props, proxmox: { ...props.proxmox, insecure } });
    await project.ok("init");
    const { exitCode, said } = await project.plan();
    return { exitCode, isUnknown: said.includes("certificate signed by unknown authority") };
  };
  const [planned, refused] = [
    { exitCode: 2, isUnknown: false },
    { exitCode: 1, isUnknown: true },
  ];
  try {
    expect(await plan()).toEqual(planned);
    delete env.SSL_CERT_FILE;
    expect(await plan()).toEqual(refused);
    expect(await plan(true)).toEqual(planned);
    env.PROXMOX_VE_INSECURE = "true";
    expect(await plan(false)).toEqual(planned);
  } finally {
    await deployment.stop();
  }
});
