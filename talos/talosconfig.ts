import { parse } from "yaml";
import { z } from "zod";
import { TalosError } from "./errors";

const text = z.string().min(1);
const base64 = text.transform((value) => Buffer.from(value, "base64").toString("utf8"));
const talosconfig = z.object({
  context: text,
  contexts: z.record(z.string(), z.object({ ca: base64, crt: base64, key: base64 })),
});

/** What a talosconfig says of its current context. */
export interface TalosCredentials {
  /** Name of the context, which is that of the cluster. */
  readonly context: string;
  /** Certificate of the CA, as PEM. */
  readonly ca: string;
  /** Certificate of the client, as PEM. */
  readonly certificate: string;
  /** Private key of the client, as PEM. */
  readonly key: string;
}

/** @throws TalosError if it is not a talosconfig with a client certificate */
export function talosCredentials(yaml: string): TalosCredentials {
  const parsed = talosconfig.safeParse(parse(yaml));
  const context = parsed.success ? parsed.data.contexts[parsed.data.context] : undefined;
  if (!parsed.success || !context) {
    const what = parsed.success ? `context ${parsed.data.context}` : parsed.error.issues[0]?.path.join(".");
    throw new TalosError(`the talosconfig has no ${what} that can be used; it needs a client certificate`);
  }
  return { context: parsed.data.context, ca: context.ca, certificate: context.crt, key: context.key };
}
