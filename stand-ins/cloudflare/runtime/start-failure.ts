/** What workerd says of a script that does not start: `service core:user:name: Uncaught SyntaxError: …`, and the place. */
export const startFailure = (said: string): string => said.replace(/^service \S*: /gm, "").trim();
