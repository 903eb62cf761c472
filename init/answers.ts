import { Address, Cidr } from "../domain/ip";
import { PROXMOX_NODE } from "../domain/proxmox-names";
import { STATE_BACKENDS } from "../domain/state";

/** What a new project is made of. */
export interface Answers {
  readonly proxmoxUrl: string;
  /** Names of Proxmox hosts, with commas between. */
  readonly hosts: string;
  /** Network of the nodes, in CIDR notation. */
  readonly network: string;
  /** Address of the Kubernetes API; the nodes have those after it. */
  readonly apiAddress: string;
  readonly state: string;
}

/** Something that `init` asks on a terminal, and takes as an option. */
export interface Question {
  readonly key: keyof Answers;
  readonly flags: string;
  readonly text: string;
  readonly example: string;
  /** Taken where nothing is said. @default - it has to be said */
  readonly fallback?: (before: Partial<Answers>) => string;
  /** The only answers. @default - others too */
  readonly choices?: readonly string[];
  /** What is wrong with an answer; undefined if nothing is. */
  readonly problem: (answer: string, before: Partial<Answers>) => string | undefined;
}

/** How many addresses after that of the API the first worker has its own. */
export const WORKERS_AFTER = 11;
/** Control planes and workers of a new project. */
export const CONTROL_PLANES = 3;
export const WORKERS = 2;

export const QUESTIONS: readonly Question[] = [
  {
    key: "proxmoxUrl",
    flags: "--proxmox-url <url>",
    text: "Where is the API of Proxmox VE?",
    example: "https://pve.example.com:8006",
    problem: (answer) =>
      /^https:\/\/[A-Za-z0-9.:[\]-]+$/.test(answer) && URL.canParse(answer)
        ? undefined
        : `"${answer}" is not the address of the API; write it like https://pve.example.com:8006`,
  },
  {
    key: "hosts",
    flags: "--hosts <names>",
    text: "Which Proxmox hosts are the VMs on, with commas between?",
    example: "pve1,pve2,pve3",
    problem: (answer) => {
      const bad = hostsIn(answer).find((host) => !PROXMOX_NODE.regex.test(host));
      if (bad !== undefined) return `"${bad}" ${PROXMOX_NODE.advice}`;
      return hostsIn(answer).length > 0 ? undefined : "name at least one host, like pve1";
    },
  },
  {
    key: "network",
    flags: "--network <cidr>",
    text: "Which network are the nodes in?",
    example: "10.20.0.0/24",
    problem: (answer) =>
      Cidr.isValid(answer) ? undefined : `"${answer}" is not a network; write it like 10.20.0.0/24`,
  },
  {
    key: "apiAddress",
    flags: "--api-address <address>",
    text: "Which free address does the Kubernetes API get? The nodes have those after it.",
    example: "10.20.0.10",
    fallback: ({ network = "" }) => Cidr.parse(network).network.plus(10)?.text ?? "",
    problem: (answer, { network = "" }) => {
      if (!Address.isValid(answer)) return `"${answer}" is not an address; write it like 10.20.0.10`;
      const last = Address.parse(answer).plus(WORKERS_AFTER + WORKERS);
      const isRoom = [Address.parse(answer), last].every(
        (each) => each && Cidr.parse(network).contains(each),
      );
      if (isRoom) return undefined;
      return `${answer} and the ${WORKERS_AFTER + WORKERS} addresses after it are not all in ${network}; choose another one, or a larger network`;
    },
  },
  {
    key: "state",
    flags: "--state <backend>",
    text: "Where is the state kept? It is encrypted on this machine in any case, and can be moved later.",
    example: "local",
    fallback: () => "local",
    // A Worker has its address once `bootstrap` has made it; then `state migrate --to worker` moves the state.
    choices: STATE_BACKENDS.filter((backend) => backend !== "worker").toReversed(),
    problem: (answer) =>
      ["r2", "local"].includes(answer)
        ? undefined
        : `"${answer}" is not a place to begin with; use local or r2, and move it later with state migrate`,
  },
];

export const hostsIn = (answer: string): readonly string[] =>
  answer
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);

/**
 * Completes what was given by fallbacks.
 * @throws Error with everything that is wrong, a line for each
 */
export function completeAnswers(given: Partial<Answers>): Answers {
  const answers: { -readonly [Key in keyof Answers]?: string } = {};
  const problems: string[] = [];
  for (const { key, flags, example, fallback, problem } of QUESTIONS) {
    const flag = flags.replace(/ .*/, "");
    // A question that depends on another one has no answer without it.
    if (key === "apiAddress" && problems.some((each) => each.startsWith("--network"))) continue;
    const answer = given[key] ?? fallback?.(answers);
    const wrong =
      answer === undefined ? `is missing; write it like ${flag} ${example}` : problem(answer, answers);
    if (wrong) problems.push(`${flag} ${wrong}`);
    else answers[key] = answer;
  }
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return answers as Answers;
}
