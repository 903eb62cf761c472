import { randomInt } from "node:crypto";
import type { Caller } from "./access/access-control";
import { ApiError, parameterError } from "./api/errors";
import { type ClusterState, nowSeconds, type Task } from "./model";

export interface TaskSpec {
  readonly node: string;
  /** `qmcreate`, `qmstart`, `download` … */
  readonly type: string;
  readonly id: string | number;
  readonly caller: Caller;
  /** How long the task takes on a real node; multiplied by the time scale. */
  readonly seconds: number;
}

const UPID = /^UPID:[^:]+:[0-9A-F]{8}:[0-9A-F]{8,9}:[0-9A-F]{8}:[^:]+:[^:]*:[^:]+:$/;

export type TaskLog = (line: string) => void;

export interface TaskHooks {
  /** With 0, a task ends before the call that started it is answered. */
  readonly timeScale: () => number;
  /** The error that a fault makes a task fail with, if any. */
  readonly failure: (type: string, id: string) => string | undefined;
  /** Called after each change. */
  readonly changed: () => void;
}

/** The tasks of the cluster: long operations, each with an ID (UPID), a status and a log. */
export class Tasks {
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(
    private readonly state: ClusterState,
    private readonly hooks: TaskHooks,
  ) {
    // Tasks that ran when the process ended are over, as after a reset of a real node.
    for (const task of Object.values(state.tasks)) {
      if (task.status === "running") end(task, "unexpected status");
    }
  }

  /**
   * Starts a task.
   * @param work runs when the task's time is over; the message of an ApiError becomes the exit status
   * @param failed undoes what the caller did before it started the task
   * @returns the UPID
   */
  run(spec: TaskSpec, work: (log: TaskLog) => void, failed: () => void = () => undefined): string {
    const task: Task = {
      upid: upid(spec),
      node: spec.node,
      type: spec.type,
      id: String(spec.id),
      user: spec.caller.id,
      starttime: nowSeconds(),
      status: "running",
      log: [],
    };
    this.state.tasks[task.upid] = task;
    const finish = () => {
      this.finish(task, work, failed);
      this.hooks.changed();
    };
    const delayMs = spec.seconds * 1000 * this.hooks.timeScale();
    if (delayMs <= 0) finish();
    else {
      const timer = setTimeout(() => {
        this.timers.delete(timer);
        finish();
      }, delayMs);
      this.timers.add(timer);
    }
    return task.upid;
  }

  /** @throws ApiError 400 for an unknown task, 500 for what is no task ID */
  get(node: string, id: string): Task {
    if (!UPID.test(id)) throw new ApiError(500, `unable to parse worker upid '${id}'`);
    const task = this.state.tasks[id];
    if (!task || task.node !== node) throw parameterError({ upid: "no such task" });
    return task;
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  private finish(task: Task, work: (log: TaskLog) => void, failed: () => void): void {
    const log: TaskLog = (line) => {
      task.log = [...task.log, line];
    };
    try {
      const injected = this.hooks.failure(task.type, task.id);
      if (injected) throw new ApiError(500, injected);
      work(log);
      log("TASK OK");
      end(task, "OK");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      failed();
      log(`TASK ERROR: ${error.message}`);
      end(task, error.message);
    }
  }
}

function end(task: Task, exitstatus: string): void {
  task.status = "stopped";
  task.exitstatus = exitstatus;
  task.endtime = nowSeconds();
}

/** `UPID:pve1:0000C3A1:0012D687:66A1F0B2:qmstart:201:root@pam:` */
function upid({ node, type, id, caller }: TaskSpec): string {
  const hex = (value: number) => value.toString(16).toUpperCase().padStart(8, "0");
  const parts = [node, hex(randomInt(1, 2 ** 22)), hex(randomInt(1, 2 ** 31)), hex(nowSeconds())];
  return `UPID:${parts.join(":")}:${type}:${id}:${caller.id}:`;
}
