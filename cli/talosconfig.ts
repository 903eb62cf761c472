// `npm run talosconfig -- --out FILE | --merge`: the credentials for talosctl.
import { credentialsProgram, runCredentials } from "./credentials-command";

const program = credentialsProgram("talosconfig", "writes the credentials for talosctl");
void runCredentials("talosconfig", program, ({ access }) => access.talosconfig);
