/*
 * Numbers that others reckon with. Nothing of the Workers runtime is imported here, so that Node can read them too.
 */

/** States that one run of the cron trigger copies: each is a request to another object, of which the free plan allows 50. */
export const copiesPerRun = 40;

/** What retention leaves alone, where TFSTATE_KEEP_VERSIONS and TFSTATE_KEEP_DAYS say nothing. */
export { KEPT_VERSIONS as defaultRetention } from "../../domain/tfstate-worker";
