// `npm run talosconfig -- --out FILE | --merge`: the credentials for talosctl.
import { credentialsProgram, runCredentials } from "./credentials-command";

const program = credentialsProgram("talosconfig", "write the credentials for talosctl");
void runCredentials("talosconfig", program, ({ access }) => access.talosconfig);
