import { env } from "cloudflare:workers";
import type { Env } from "../../../../worker/src/env";
import worker, { Directory, Passwords, StateObject } from "../../../../worker/src/index";

export { Directory, Passwords, StateObject };

interface Objects {
  getByName(name: string): object;
  jurisdiction(jurisdiction: string): Pick<Objects, "getByName">;
}
const asked: string[] = [];

// workerd has no jurisdictions: an object in one is an object of another name. All namespaces have one prototype.
const objects = Object.getPrototypeOf((env as unknown as Env).STATE) as Objects;
const { getByName } = objects;
objects.getByName = function (name) {
  asked.push(name);
  return getByName.call(this, name);
};
objects.jurisdiction = function (jurisdiction) {
  return { getByName: (name) => this.getByName(`${jurisdiction}/${name}`) };
};

/** The Worker on a runtime with jurisdictions; `/asked` answers the names of all objects that it asked for. */
export default {
  fetch: (request, env, ctx) =>
    new URL(request.url).pathname === "/asked" ? Response.json(asked) : worker.fetch(request, env, ctx),
} satisfies ExportedHandler<Env>;
