import { EXCLUDE_HOSTS_DOWN } from "../domain/hosts-down";

/** cdktf passes no options on to tofu, which also takes them from a variable. The user's own options stay. */
export function planOption(env: NodeJS.ProcessEnv, option: string): NodeJS.ProcessEnv {
  return { ...env, TF_CLI_ARGS_plan: `${env.TF_CLI_ARGS_plan ?? ""} ${option}`.trim() };
}

/** What stands on hosts that are down is left out of a plan; an apply of that plan leaves it out too. */
export function leavingOutHostsDown(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return env.HOSTS_DOWN ? planOption(env, EXCLUDE_HOSTS_DOWN) : env;
}
