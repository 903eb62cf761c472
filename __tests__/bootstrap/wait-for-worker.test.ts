import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { waitForWorker } from "../../bootstrap/wait-for-worker";
import { errorResponse } from "../../worker/src/http/error-response";

let server: Server;
let answer: RequestListener;
beforeAll(async () => {
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const { signal } = new AbortController();
function wait(say: (line: string) => void = () => undefined, timeoutMs?: number): Promise<void> {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return waitForWorker({ url, timeoutMs, signal, say });
}

test("it waits until the Worker is ready, and says what it hears", async () => {
  const answers = [404, 200];
  answer = (_, response) => response.writeHead(answers.shift() ?? 500).end("not yet");
  const said: string[] = [];
  await wait((line) => said.push(line));
  expect(said).toEqual([expect.stringMatching(/\/health: 404 not yet$/)]);
});

test("a Worker without credentials is no matter of time", async () => {
  const refusal = errorResponse({ code: "not_configured", defects: ["TFSTATE_PASSWORD is not set"] });
  const body = await refusal.text();
  answer = (_, response) => response.writeHead(refusal.status).end(body);
  await expect(wait()).rejects.toThrow(/answers 503 .*TFSTATE_PASSWORD is not set/);
});

test("one that is never ready is an error with what it said last", async () => {
  answer = (_, response) => response.writeHead(522).end("timed out");
  await expect(wait(undefined, 0)).rejects.toThrow("is not ready after 0 s: 522 timed out; look at");
});
