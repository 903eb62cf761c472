import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { JsonFile } from "../json-file";
import { fullAccess } from "./access/permission-groups";
import { newTokenValue, sha256 } from "./access/tokens";
import { ApiError } from "./api-error";
import { type AccountState, type Bucket, bucketKey, type Script } from "./model";
import type { BucketName } from "./s3/access";

export const newId = (): string => randomBytes(16).toString("hex");

/** The only account of this Cloudflare, and the file that keeps it. */
export class Account {
  readonly state: AccountState;
  private readonly file: JsonFile<AccountState>;

  /** @param id of a new account @throws where the folder holds another account */
  constructor(folder: string, id: string | undefined) {
    this.file = new JsonFile(join(folder, "account.json"), "an empty account");
    this.state = this.file.load() ?? newAccount(id ?? newId());
    if (id && id !== this.state.id) {
      throw new Error(`${folder} holds the account ${this.state.id} and not ${id}: take another folder`);
    }
    this.save();
  }

  save(): void {
    this.file.save(this.state);
  }

  /** @throws ApiError 404 */
  bucket(name: BucketName): Bucket {
    const bucket = this.state.buckets[bucketKey(name)];
    if (!bucket) throw new ApiError(404, 10006, "The specified bucket does not exist.");
    return bucket;
  }

  /** @throws ApiError 404 */
  script(name: string): Script {
    const script = this.state.scripts[name];
    if (!script) throw new ApiError(404, 10007, "This Worker does not exist on your account.");
    return script;
  }
}

function newAccount(id: string): AccountState {
  const apiToken = newTokenValue();
  const tokenId = newId();
  const now = new Date().toISOString();
  return {
    id,
    apiToken,
    buckets: {},
    scripts: {},
    domains: {},
    tokens: {
      [tokenId]: {
        id: tokenId,
        valueSha256: sha256(apiToken),
        name: "first token",
        policies: [{ id: newId(), ...fullAccess(id) }],
        status: "active",
        issued_on: now,
        modified_on: now,
      },
    },
    temporaryCredentials: {},
    ports: {},
  };
}
