import { z } from "zod";
import {
  CNIS,
  countPorts,
  MAX_PORTS,
  portsProblem,
  RULE_COMMENT,
  sourceProblem,
} from "../../domain/firewall";
import { text, textWithout } from "./values";

const sources = z.array(textWithout(sourceProblem));

const port = z
  .union([z.number(), z.string()], "is not a port; write it like 8080 or 30000-32767")
  .superRefine((value, context) => {
    const message = portsProblem(value);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });

const rule = z.strictObject({
  ports: z
    .array(port, {
      error: ({ input }) =>
        input === undefined ? "is missing; list the ports, for example [8080]" : undefined,
    })
    .min(1)
    .refine(
      (ports) => countPorts(ports) <= MAX_PORTS,
      `has more than ${MAX_PORTS} ports, a range as two; make it two rules`,
    )
    .meta({ description: "Ports and ranges of ports, such as 8080 or 30000-32767.", examples: [[8080]] }),
  protocol: z.enum(["tcp", "udp"]).default("tcp").describe("Protocol."),
  from: sources.min(1).optional().describe("Networks and addresses that may reach them. Default: anyone."),
  role: z
    .enum(["controlplane", "worker"])
    .optional()
    .describe("The nodes that let them in. Default: all nodes."),
  comment: text(RULE_COMMENT).optional().describe("Comment of the rule in Proxmox."),
});

/** `proxmox_firewall`. */
export const firewall = z.strictObject({
  enabled: z.boolean().default(true).describe("Whether it filters; false keeps the rules, without effect."),
  cni: z.enum(CNIS).meta({
    description: "The network plugin, whose ports are open between the nodes; `none` opens no ports.",
    examples: ["flannel"],
  }),
  kubernetes_api_cidrs: sources
    .optional()
    .describe("Networks that reach the Kubernetes API, besides nodes and pods. Default: anyone."),
  talos_api_cidrs: sources
    .optional()
    .describe("Networks that reach the Talos API, besides nodes and pods. Default: anyone."),
  node_port_cidrs: sources
    .default([])
    .describe("Networks that reach NodePorts, 30000 to 32767. Default: nobody."),
  log_drops: z.boolean().default(false).describe("Whether the firewall's log has what is dropped."),
  rules: z.array(rule).default([]).describe("What else is let in, for example to an ingress controller."),
});

export type FirewallInput = z.output<typeof firewall>;
