import type { Pattern } from "./pattern";

/**
 * The CPU types that the provider accepts. A plan refuses every other one, except `custom-…`.
 * @see https://github.com/bpg/terraform-provider-proxmox/blob/v0.111.1/proxmoxtf/resource/vm/validators.go
 */
const BUILT_IN = [
  ...["486", "athlon", "core2duo", "coreduo", "host", "kvm32", "kvm64", "max"],
  ...["pentium", "pentium2", "pentium3", "phenom", "qemu32", "qemu64"],
  ...["x86-64-v2", "x86-64-v2-AES", "x86-64-v3", "x86-64-v4"],
  ...["Broadwell", "Broadwell-IBRS", "Broadwell-noTSX", "Broadwell-noTSX-IBRS"],
  ...["Cascadelake-Server", "Cascadelake-Server-noTSX"],
  ...["Cascadelake-Server-v2", "Cascadelake-Server-v4", "Cascadelake-Server-v5"],
  ...["Conroe", "Cooperlake", "Cooperlake-v2"],
  ...["EPYC", "EPYC-Genoa", "EPYC-IBPB", "EPYC-Milan", "EPYC-v3", "EPYC-v4"],
  ...["EPYC-Rome", "EPYC-Rome-v2", "EPYC-Rome-v3", "EPYC-Rome-v4"],
  ...["Haswell", "Haswell-IBRS", "Haswell-noTSX", "Haswell-noTSX-IBRS"],
  ...["Icelake-Client", "Icelake-Client-noTSX", "Icelake-Server", "Icelake-Server-noTSX"],
  ...["Icelake-Server-v3", "Icelake-Server-v4", "Icelake-Server-v5", "Icelake-Server-v6"],
  ...["IvyBridge", "IvyBridge-IBRS", "KnightsMill", "Nehalem", "Nehalem-IBRS"],
  ...["Opteron_G1", "Opteron_G2", "Opteron_G3", "Opteron_G4", "Opteron_G5", "Penryn"],
  ...["SandyBridge", "SandyBridge-IBRS", "SapphireRapids"],
  ...["Skylake-Client", "Skylake-Client-IBRS", "Skylake-Client-noTSX-IBRS", "Skylake-Client-v4"],
  ...["Skylake-Server", "Skylake-Server-IBRS", "Skylake-Server-noTSX-IBRS"],
  ...["Skylake-Server-v4", "Skylake-Server-v5", "Westmere", "Westmere-IBRS"],
] as const;

export const CPU_TYPE: Pattern = {
  regex: new RegExp(`^(${BUILT_IN.join("|")}|custom-[A-Za-z0-9_.-]+)$`),
  advice: "is not a CPU type that the provider knows; use host, or one such as x86-64-v3 or custom-mine",
};

/**
 * CPU types without x86-64-v2, which Talos is compiled for.
 * @see https://www.talos.dev/latest/introduction/system-requirements/
 */
const TOO_OLD =
  /^(486|athlon|core2duo|coreduo|kvm32|kvm64|pentium[23]?|phenom|qemu32|qemu64|Conroe|Penryn|Opteron_G[123])$/;

export function runsTalos(cpuType: string): boolean {
  return !TOO_OLD.test(cpuType);
}
