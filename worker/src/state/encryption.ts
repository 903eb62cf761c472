import type { Ledger } from "./ledger/ledger";

/** Why a state refuses plaintext because of what it was before, or null. A write of an S3 client is held to this too. */
export const whyStaysEncrypted = (ledger: Ledger): string | null =>
  ledger.get("everEncrypted") ? "this state was encrypted before" : null;

/**
 * Why a write in plaintext is refused, or null where it is allowed.
 * @param isRequiredForAll whether the deployment refuses plaintext everywhere
 */
export function whyEncrypted(ledger: Ledger, isRequiredForAll: boolean): string | null {
  if (isRequiredForAll) return "this deployment requires encryption (TFSTATE_ENCRYPTION=required)";
  if (ledger.get("encryption") === "required") return "the policy of this state requires encryption";
  return whyStaysEncrypted(ledger);
}
