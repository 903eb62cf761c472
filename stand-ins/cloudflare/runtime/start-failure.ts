/** The error in the output of a workerd that did not start: `service core:user:name: Uncaught SyntaxError: …` */
export const startFailure = (output: string): string => output.replace(/^service \S*: /gm, "").trim();
