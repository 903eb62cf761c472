import { longBuilds } from "./long-builds";
import { removeLaunchers } from "./provider-launchers";

/** Ends the builds that no test has waited for. */
export default async function teardown(): Promise<void> {
  longBuilds.stop.abort();
  await longBuilds.running;
  removeLaunchers();
}
