import { ClusterStack } from "../../../stacks/cluster-stack";
import type { ClusterStackProps } from "../../../stacks/cluster-stack-props";
import { newApp, synthStack, type Template } from "../../support/synth";

export function stackOf(props: ClusterStackProps): ClusterStack {
  const stack = new ClusterStack(newApp(), "cluster", props);
  stack.prepareStack();
  return stack;
}

export const templateOf = (props: ClusterStackProps): Template => synthStack(stackOf(props));
export const vmsOf = (template: Template) => template.resource.proxmox_virtual_environment_vm ?? {};
