import type { BootstrapConfig } from "../config";

/** What a plan that changes workers.dev means for the clients of the Worker. */
export function domainNotes({ worker }: BootstrapConfig, plan: string): readonly string[] {
  const { domain } = worker ?? {};
  if (!domain || !plan.includes("cloudflare_workers_script_subdomain.")) return [];
  const address = `https://${domain.hostname}`;
  return domain.clientsMoved
    ? [
        `Warning: workers.dev is turned off. Cloudflare answers 404 there, which a client takes for "no state": its next ` +
          `apply makes everything again. Go on only if every client uses ${address}.`,
      ]
    : [
        `Warning: clients that use the Worker's address on workers.dev get an error from now on, which names ${address}. ` +
          "When none uses it any more, set bootstrap.worker.domain.clients_moved: true, which turns workers.dev off.",
      ];
}
