import { table } from "../../process/table";
import { etcdTable } from "../etcd/report";
import type { Certificate } from "../read/certificate";
import { isServiceHealthy } from "../read/services";
import { certificateProblem, daysLeft } from "./certificates";
import type { Finding } from "./findings";
import type { HealthReading } from "./reading";

/** Health as JSON. */
export function healthJson(reading: HealthReading, findings: readonly Finding[], now: Date): object {
  const { nodes, etcd, etcdSizes, certificates, kubernetes } = reading;
  return {
    healthy: findings.length === 0,
    findings,
    nodes: nodes.map(({ node, ...facts }) => ({
      name: node.name,
      role: node.role,
      address: node.address,
      wanted: { talosVersion: node.talosVersion, schematicId: node.schematicId },
      ...facts,
    })),
    etcd: etcd.map((view) => ({ ...view, ...etcdSizes.get(view.node) })),
    certificates: certificatesJson(certificates, now),
    ...(kubernetes && { kubernetes }),
  };
}

/** Health for people: tables, then what is not as it should be. */
export function healthText(reading: HealthReading, findings: readonly Finding[], now: Date): string {
  const said = findings.map(({ level, text }) => `${level}: ${text}`);
  return [
    nodeTable(reading),
    etcdTable(reading.etcd.map((view) => ({ ...view, ...reading.etcdSizes.get(view.node) }))),
    certificatesToRenew(reading.certificates, now),
    said.length > 0 ? said.join("\n") : "healthy",
  ].join("\n\n");
}

export const certificatesJson = (certificates: readonly Certificate[], now: Date): readonly object[] =>
  certificates.map((certificate) => ({
    name: certificate.name,
    expiresAt: certificate.notAfter.toISOString(),
    daysLeft: daysLeft(certificate, now),
    renewedBy: certificate.renewedBy,
  }));

/** The certificates that somebody has to renew. Those that Talos renews in time are counted, since their few days frighten. */
function certificatesToRenew(certificates: readonly Certificate[], now: Date): string {
  const isOfInterest = (each: Certificate) =>
    each.renewedBy === "you" || certificateProblem(each, now) !== undefined;
  const shown = certificates.filter(isOfInterest);
  const others = certificates.length - shown.length;
  const rest = `${others} more, which Talos renews by itself: npm run certificates -- status lists them`;
  return [certificateTable(shown, now), ...(others > 0 ? [rest] : [])].join("\n");
}

export function certificateTable(certificates: readonly Certificate[], now: Date): string {
  const rows = certificates.map((certificate) => [
    certificate.name,
    String(daysLeft(certificate, now)),
    certificate.renewedBy === "talos" ? "by Talos itself" : "by you",
  ]);
  return table(["certificate", "days left", "renewed"], rows);
}

function nodeTable({ nodes }: HealthReading): string {
  const head = ["node", "role", "stage", "ready", "talos", "schematic", "services", "reboot"];
  const rows = nodes.map((reading) => {
    const { node, services } = reading;
    if (reading.error !== undefined) return [node.name, node.role, "no answer"];
    return [
      node.name,
      node.role,
      reading.stage ?? "unknown",
      reading.isReady ? "yes" : "no",
      reading.talosVersion ?? "",
      reading.schematicId === node.schematicId ? "as wanted" : (reading.schematicId?.slice(0, 12) ?? "none"),
      `${services.filter(isServiceHealthy).length} of ${services.length}`,
      reading.isRebootPending ? "pending" : "",
    ];
  });
  return table(head, rows);
}
