import { needsReboot } from "../config/changes";
import { configDiff } from "../config/diff";
import { MachineConfigError } from "../config/documents";
import { requireKnownKinds } from "../config/kinds";
import { type MachineConfig, parseMachineConfig } from "../config/machine-config";
import { validateMachineConfig } from "../config/validate";
import { takeConfig } from "../node/configure";
import { minorOf } from "../node/installer-image";
import type { ApplyConfigurationRequest, ApplyMode } from "../protocol/messages";
import { type CallContext, method } from "./method";
import { RpcError } from "./rpc-error";

const DETAILS = {
  REBOOT: "Applied configuration with a reboot",
  NO_REBOOT: "Applied configuration without a reboot",
  STAGED: "Staged configuration to be applied after the next reboot",
  TRY: "Applied configuration without a reboot",
} as const;
/** From here on, no change is applied with a reboot of the node's own. */
const WITHOUT_REBOOTS = "v1.14.0";
const TRY_SECONDS = 60;

export const applyConfiguration = method<ApplyConfigurationRequest>(
  // Readers only in maintenance, where every caller is one.
  ["os:admin", "os:reader"],
  async (context, request) => {
    const { machines, node, caller } = context;
    const maintenance = node.condition === "MAINTENANCE";
    if (node.rebootsForConfig) {
      throw new RpcError(
        "FAILED_PRECONDITION",
        "configuration was already applied and node is rebooting, cannot apply more configuration changes until next reboot",
      );
    }
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
    const refusal = rebootNeeded(context, config);
    const mode = effectiveMode(request.mode, context, refusal);
    if (request.dryRun) {
      const diff = configDiff(node.config, config) || "No changes.";
      return {
        messages: [
          {
            mode,
            modeDetails: `Dry run summary:\n${DETAILS[mode]} (skipped in dry-run).\nConfig diff:\n\n${diff}`,
          },
        ],
      };
    }
    const trySeconds = Number(request.tryModeTimeout?.seconds ?? TRY_SECONDS);
    await takeConfig(machines, node, config, mode, trySeconds);
    const trial = `\nThe config is applied in 'try' mode and will be automatically reverted back in ${duration(trySeconds)}`;
    const more =
      (mode === "TRY" ? trial : "") + (request.mode === "AUTO" && mode === "REBOOT" ? `: ${refusal}` : "");
    return { messages: [{ mode, warnings, modeDetails: `${DETAILS[mode]}${more}` }] };
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
    requireKnownKinds(config.documents, version);
    const warnings = validateMachineConfig(config, { platform: node.platform, installed });
    return { config, warnings: verdict?.warnings ?? warnings };
  } catch (error) {
    if (error instanceof MachineConfigError) throw new RpcError("INVALID_ARGUMENT", error.message);
    throw error;
  }
}

/** Why the node reboots to take the configuration; undefined if it does not. */
function rebootNeeded({ node }: CallContext, next: MachineConfig): string | undefined {
  if (node.condition === "MAINTENANCE" || minorOf(node.version) >= minorOf(WITHOUT_REBOOTS)) return undefined;
  const current = node.config?.main;
  return current && next.main && needsReboot(current, next.main);
}

/** @throws RpcError */
function effectiveMode(
  asked: ApplyMode,
  { node }: CallContext,
  refusal: string | undefined,
): keyof typeof DETAILS {
  if (asked === "REBOOT" && minorOf(node.version) >= minorOf(WITHOUT_REBOOTS)) {
    throw new RpcError("UNIMPLEMENTED", "apply mode REBOOT is not supported");
  }
  if (node.condition === "MAINTENANCE" && (asked === "REBOOT" || asked === "AUTO")) return "NO_REBOOT";
  if (asked === "AUTO") return refusal === undefined ? "NO_REBOOT" : "REBOOT";
  if ((asked === "NO_REBOOT" || asked === "TRY") && refusal !== undefined) {
    throw new RpcError("INVALID_ARGUMENT", refusal);
  }
  return asked;
}

/** `1m0s`, as Go writes a duration. */
function duration(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60)];
  return `${hours ? `${hours}h` : ""}${minutes ? `${minutes % 60}m` : ""}${seconds % 60}s`;
}
