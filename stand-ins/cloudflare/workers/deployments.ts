import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Account } from "../account";
import type { Script } from "../model";
import { durableObjectsFolder } from "../runtime/options";
import type { WorkersRuntime } from "../runtime/runtime";
import type { Schedules } from "../runtime/schedules";
import { assertBindable, bindingsOf } from "./bindings";
import { inspect } from "./inspect";
import { assertExported, type MigrationState, migrate } from "./migrations";
import { invalid, type Upload } from "./upload";

const NAME = /^[a-z0-9_][a-z0-9_-]{0,62}$/;

/** Deploys and deletes scripts, one at a time. */
export class Deployments {
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly account: Account,
    private readonly runtime: WorkersRuntime,
    private readonly schedules: Schedules,
    private readonly folder: string,
  ) {}

  /** Deploys a new version of a script. @throws ApiError 400, 412; the previous version continues to run */
  upload(name: string, upload: Upload): Promise<Script> {
    return this.inTurn(async () => {
      if (!NAME.test(name)) throw invalid(`Worker name "${name}" is invalid.`);
      const previous = this.account.state.scripts[name];
      const migrated = migrate(previous, upload.metadata.migrations);
      const bindings = bindingsOf(name, upload.metadata, previous);
      assertBindable(bindings, this.account, migrated);
      const { classes, ...handlers } = await inspect(upload, bindings);
      assertExported(migrated, previous, classes);

      const script: Script = {
        ...versionOf(name, upload, previous),
        bindings,
        ...handlers,
        migrationTag: migrated.tag,
        classes: migrated.classes,
      };
      try {
        await this.runtime.deploy(script);
      } catch (error) {
        await this.runtime.reload();
        throw invalid((error as Error).message);
      }
      this.account.save();
      this.schedules.update();
      await this.removeData(previous, migrated);
      return script;
    });
  }

  /** Deletes a script and the data of its Durable Objects. @throws ApiError 404 */
  delete(name: string): Promise<void> {
    return this.inTurn(async () => {
      const { scripts, domains } = this.account.state;
      const script = this.account.script(name);
      delete scripts[name];
      for (const [id, { service }] of Object.entries(domains)) if (service === name) delete domains[id];
      this.account.save();
      this.schedules.update();
      await this.runtime.reload();
      await this.removeData(script, { tag: undefined, classes: {} });
    });
  }

  /** Removes the data of classes that no longer exist. */
  private async removeData(previous: Script | undefined, { classes }: MigrationState): Promise<void> {
    const kept = new Set(Object.values(classes).map(({ namespaceId }) => namespaceId));
    for (const { namespaceId } of Object.values(previous?.classes ?? {})) {
      if (kept.has(namespaceId)) continue;
      await rm(join(durableObjectsFolder(this.folder), namespaceId), { recursive: true, force: true });
    }
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(work);
    this.last = result.catch(() => undefined);
    return result;
  }
}

function versionOf(name: string, { metadata, mainModule, modules }: Upload, previous: Script | undefined) {
  const now = new Date().toISOString();
  const { logpush, usage_model, placement, tail_consumers, limits, observability } = metadata;
  return {
    name,
    createdOn: previous?.createdOn ?? now,
    modifiedOn: now,
    mainModule,
    modules,
    compatibilityDate: metadata.compatibility_date,
    compatibilityFlags: metadata.compatibility_flags,
    settings: { logpush, usage_model, placement, tail_consumers, limits, observability },
    subdomain: previous?.subdomain ?? { enabled: false, previews_enabled: false },
    schedules: previous?.schedules ?? [],
  };
}

/** Changes with the code. */
export function etagOf({ modules }: Script): string {
  const hash = createHash("sha256");
  for (const { name, contents } of modules) hash.update(`${name}\n${contents}\n`);
  return hash.digest("hex");
}
