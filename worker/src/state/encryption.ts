import type { Ledger } from "./ledger/ledger";

/**
 * Why plaintext is refused, whoever writes it, or null if it is allowed.
 * @param isRequiredForAll whether the deployment refuses plaintext everywhere
 */
export function whyEncrypted(ledger: Ledger, isRequiredForAll: boolean): string | null {
  if (isRequiredForAll) return "this deployment requires encryption (TFSTATE_ENCRYPTION=required)";
  if (ledger.get("encryption") === "required") return "the policy of this state requires encryption";
  return ledger.get("everEncrypted") ? "this state was encrypted before" : null;
}
