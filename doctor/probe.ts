import { connect } from "node:net";

/** Of Talos, Kubernetes, SSH and the web: what most machines accept or refuse. */
export const PROBED_PORTS: readonly number[] = [50_000, 6443, 22, 443, 80];
const TIMEOUT_MS = 1_500;

/** Whether a machine answers at an address. A refused connection is an answer too. */
export async function probe(address: string, ports: readonly number[] = PROBED_PORTS): Promise<boolean> {
  const answers = await Promise.all(ports.map((port) => answersAt(address, port)));
  return answers.includes(true);
}

function answersAt(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.setTimeout(TIMEOUT_MS, () => end(false));
    socket.once("connect", () => end(true));
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code === "ECONNREFUSED"));
  });
}
