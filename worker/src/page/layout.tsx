import type { Child } from "hono/jsx";

/** The frame of every page. */
export function Page({ title, base, children }: { title: string; base: string; children: Child }) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{title} · tfstate</title>
        <link rel="stylesheet" href={`${base}/page/style.css`} />
      </head>
      <body>
        <a class="skip" href="#content">
          Skip to the content
        </a>
        <nav aria-label="Pages">
          <a href={`${base}/`}>All states</a>
        </nav>
        <main id="content">
          <h1>{title}</h1>
          {children}
        </main>
      </body>
    </html>
  );
}

/** Asks once more before something is changed. */
export function Confirm({ action, verb, children }: { action: string; verb: string; children: Child }) {
  return (
    <form method="post" action={action}>
      {children}
      <p>
        <button class="danger" type="submit">
          {verb}
        </button>
      </p>
    </form>
  );
}

/** A wide table scrolls in itself; the keyboard has to reach it for that. */
export function Scrollable({ label, children }: { label: string; children: Child }) {
  return (
    <section class="scroll" aria-label={label} tabindex={0}>
      {children}
    </section>
  );
}

export const pagePath = (base: string, name: string): string =>
  `${base}/page/states/${encodeURIComponent(name)}`;
