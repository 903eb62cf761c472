/**
 * States that one run of the cron trigger copies. Each is a request to another Durable Object; the free plan allows 50 in
 * one run (https://developers.cloudflare.com/workers/platform/limits/#subrequests).
 */
export const copiesPerRun = 40;
