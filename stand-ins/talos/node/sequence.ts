import type { Node } from "./node";

export interface Phase {
  readonly phase: string;
  readonly task: string;
  readonly work?: () => void | Promise<void>;
}

/**
 * Runs a sequence as a node does, one phase after the other, with events at the start and the end of each. A phase that
 * fails ends the sequence, and the node stays in the state that the phase has left it in.
 */
export async function runSequence(
  node: Node,
  sequence: string,
  actorId: string,
  phases: readonly Phase[],
): Promise<void> {
  const failed = (code: "LOCKED" | "FATAL", message: string) =>
    node.events.publish(
      { type: "SequenceEvent", sequence, action: "NOOP", error: { code, message } },
      actorId,
    );
  if (node.sequence) {
    failed("LOCKED", `sequence not started: ${node.sequence} is under way`);
    return;
  }
  node.sequence = sequence;
  // A boot ends every running sequence, including this one.
  const life = node.lifetime;
  try {
    node.events.publish({ type: "SequenceEvent", sequence, action: "START" }, actorId);
    for (const [index, { phase, task, work }] of phases.entries()) {
      node.events.publish({ type: "PhaseEvent", phase, action: "START" }, actorId);
      node.events.publish({ type: "TaskEvent", task, action: "START" }, actorId);
      try {
        await work?.();
      } catch (error) {
        const reason = `task 1/1: failed, ${(error as Error).message}`;
        failed(
          "FATAL",
          `sequence failed: error running phase ${index + 1} in ${sequence} sequence: ${reason}`,
        );
        return;
      }
      if (node.lifetime !== life) return;
      node.events.publish({ type: "TaskEvent", task, action: "STOP" }, actorId);
      node.events.publish({ type: "PhaseEvent", phase, action: "STOP" }, actorId);
    }
    node.events.publish({ type: "SequenceEvent", sequence, action: "STOP" }, actorId);
  } finally {
    if (node.lifetime === life) node.sequence = undefined;
  }
}
