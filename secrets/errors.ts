/** Something is wrong with the file of secrets or its keys. The message says what to do, and has no secret. */
export class SecretsError extends Error {
  override readonly name = "SecretsError";

  constructor(
    message: string,
    /** What is wrong, where a caller goes on from it. */
    readonly reason?: "changed" | "no key",
  ) {
    super(message);
  }
}
