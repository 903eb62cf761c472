import type { StateBackend } from "../../../config";
import { StateProject } from "./project";
import { type RemoteBackends, startRemoteBackends } from "./remote-backends";

export interface ProjectProps {
  readonly backend: StateBackend;
  /** Of the state in R2 and at the Worker; projects with the same name share both. @default - a new one */
  readonly name?: string;
  /** Whether R2 and the Worker keep one object. @default false */
  readonly isOneObject?: boolean;
  /** More lines of `state` in cluster.yaml. @default - none */
  readonly state?: readonly string[];
  /** More variables. @default - none */
  readonly env?: Readonly<Record<string, string>>;
}

/** The remote backends of a test file, and projects whose states can be there. */
export interface Backends extends Omit<RemoteBackends, "stop"> {
  project(props: ProjectProps): StateProject;
}

/** Starts the remote backends before the tests of a file. Behind them it stops them, and removes the projects. */
export function useBackends(): Backends {
  const projects: StateProject[] = [];
  let remote: RemoteBackends;
  beforeAll(async () => {
    remote = await startRemoteBackends();
  });
  afterAll(async () => {
    for (const project of projects) project.remove();
    await remote.stop();
  });
  return {
    get workerUrl() {
      return remote.workerUrl;
    },
    get s3Url() {
      return remote.s3Url;
    },
    get env() {
      return remote.env;
    },
    setBucket: (exists) => remote.setBucket(exists),
    project({ backend, name = `state-${projects.length}`, isOneObject = false, state = [], env = {} }) {
      const project = new StateProject({
        env: { ...remote.env, ...env },
        state: [
          `backend: ${backend}   # for now`,
          `key: ${isOneObject ? `owner/${name}.tfstate` : `${name}/terraform.tfstate`}`,
          `url: ${remote.workerUrl}/states/${name}`,
          ...state,
        ],
      });
      projects.push(project);
      return project;
    },
  };
}
