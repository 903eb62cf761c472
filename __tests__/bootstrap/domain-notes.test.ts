import { domainNotes } from "../../bootstrap/domain-notes";
import type { BootstrapConfig } from "../../config";

const plan = "  # cloudflare_workers_script_subdomain.tfstate will be updated in-place";
const configWith = (clientsMoved?: boolean) =>
  ({
    worker: clientsMoved === undefined ? {} : { domain: { hostname: "tfstate.example.com", clientsMoved } },
  }) as BootstrapConfig;

test("whoever moves the Worker to a domain is told what clients with the old address get, before it happens", () => {
  expect(domainNotes(configWith(false), plan).join()).toMatch(
    /^Warning: .* workers\.dev get an error .* https:\/\/tfstate\.example\.com\. .* bootstrap\.worker\.domain\.clients_moved: true/,
  );
  expect(domainNotes(configWith(true), plan).join()).toMatch(
    /^Warning: workers\.dev is turned off\. Cloudflare answers 404 .* only if every client uses https:\/\/tfstate\.example\.com/,
  );
});

test("nothing is said where workers.dev does not change, or there is no domain", () => {
  expect(domainNotes(configWith(false), "  # cloudflare_r2_bucket.state will be created")).toEqual([]);
  expect(domainNotes(configWith(true), "")).toEqual([]);
  expect(domainNotes(configWith(), plan)).toEqual([]);
});
