/**
 * Caches the result of `read` for each environment. The runtime hands out one environment object for as long as an
 * isolate lives, and its variables never change.
 */
export function oncePerEnvironment<Environment extends object, Value>(
  read: (env: Environment) => Value,
): (env: Environment) => Value {
  const known = new WeakMap<Environment, Value>();
  return (env) => {
    let value = known.get(env);
    if (value === undefined) {
      value = read(env);
      known.set(env, value);
    }
    return value;
  };
}
