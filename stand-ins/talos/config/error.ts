/** A machine configuration that a node refuses. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}
