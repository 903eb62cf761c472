import { changesThatReboot } from "../config/changes";
import { MachineConfigError } from "../config/documents";
import { type MachineConfig, parseMachineConfig } from "../config/machine-config";
import { validateMachineConfig } from "../config/validate";
import { install, startReboot } from "../node/lifecycle";
import type { ApplyConfigurationRequest, ApplyMode } from "../protocol/messages";
import { type CallContext, method } from "./method";
import { RpcError } from "./rpc-error";

const DETAILS: Readonly<Record<"REBOOT" | "NO_REBOOT" | "STAGED" | "TRY", string>> = {
  REBOOT: "Applied configuration with a reboot",
  NO_REBOOT: "Applied configuration without a reboot",
  STAGED: "Staged configuration to be applied after the next reboot",
  TRY: "Applied configuration without a reboot",
};

export const applyConfiguration = method<ApplyConfigurationRequest>(
  // Readers only in maintenance, where every caller is one.
  ["os:admin", "os:reader"],
  async (context, request) => {
    const { node, caller } = context;
    const maintenance = node.condition === "MAINTENANCE";
    if (!maintenance && !caller.roles.includes("os:admin")) {
      throw new RpcError("PERMISSION_DENIED", "not authorized");
    }
    const { config, warnings } = await checked(context, request.data.toString("utf8"));
    if (!maintenance && !config.main) {
      throw new RpcError(
        "INVALID_ARGUMENT",
        "the applied machine configuration doesn't contain v1alpha1 config, did you mean to patch the machine config instead?",
      );
    }
    const rebooting = !maintenance && node.config ? changesThatReboot(node.config, config) : [];
    const mode = effectiveMode(request.mode, maintenance, rebooting);
    const reason = request.mode === "AUTO" && mode === "REBOOT" ? `: ${cannotApply(rebooting)}` : "";
    if (request.dryRun) {
      const modeDetails = `Dry run summary:\n${DETAILS[mode]} (skipped in dry-run).`;
      return { messages: [{ mode, modeDetails }] };
    }
    await apply(context, config, mode);
    return { messages: [{ mode, warnings, modeDetails: `${DETAILS[mode]}${reason}` }] };
  },
  ({ mode, data, dryRun }) => `${mode}${dryRun ? " dry-run" : ""} (${data.length} bytes)`,
);

/** @throws RpcError that names what is wrong */
async function checked(
  { machines, node }: CallContext,
  text: string,
): Promise<{ config: MachineConfig; warnings: readonly string[] }> {
  const { state, version } = node;
  const { installed } = state;
  const mode = node.platform === "metal" && !installed ? "metal" : "cloud";
  const verdict = await machines.checkConfig?.(text, { mode, talosVersion: version });
  if (verdict?.refusal) throw new RpcError("INVALID_ARGUMENT", verdict.refusal);
  try {
    const config = parseMachineConfig(text);
    const warnings = validateMachineConfig(config, { platform: node.platform, installed });
    return { config, warnings: verdict?.warnings ?? warnings };
  } catch (error) {
    if (error instanceof MachineConfigError) throw new RpcError("INVALID_ARGUMENT", error.message);
    throw error;
  }
}

function effectiveMode(
  asked: ApplyMode,
  maintenance: boolean,
  rebooting: readonly string[],
): keyof typeof DETAILS {
  if (maintenance && (asked === "REBOOT" || asked === "AUTO")) return "NO_REBOOT";
  if (asked === "AUTO") return rebooting.length > 0 ? "REBOOT" : "NO_REBOOT";
  if ((asked === "NO_REBOOT" || asked === "TRY") && rebooting.length > 0) {
    throw new RpcError("INVALID_ARGUMENT", cannotApply(rebooting));
  }
  return asked;
}

const cannotApply = (keys: readonly string[]): string =>
  `this config change can't be applied in immediate mode\ndiff: ${keys.join(", ")}`;

async function apply(
  { machines, node }: CallContext,
  config: MachineConfig,
  mode: keyof typeof DETAILS,
): Promise<void> {
  const { state } = node;
  if (mode === "STAGED") {
    state.persistedConfig = config.text;
  } else if (mode === "REBOOT") {
    state.persistedConfig = config.text;
    startReboot(machines, node);
  } else if (node.condition === "MAINTENANCE" && config.main) {
    await install(machines, node, config);
  } else {
    // A trial (`try`) ends at the next boot, and not after a minute as on a real node.
    if (mode === "NO_REBOOT") state.persistedConfig = config.text;
    state.config = config.text;
    await machines.applyChanges();
  }
  machines.save();
}
