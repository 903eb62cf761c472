import type { BucketName, Jurisdiction } from "./s3/access";

/** What the account keeps: plain data, written as JSON after every change. */
export interface AccountState {
  /** 32 hex digits. */
  readonly id: string;
  /** The value of the first token, which may do everything: CLOUDFLARE_API_TOKEN. */
  readonly apiToken: string;
  /** By {@link bucketKey}. */
  readonly buckets: Record<string, Bucket>;
  readonly scripts: Record<string, Script>;
  readonly domains: Record<string, Domain>;
  readonly tokens: Record<string, Token>;
  /** By access key id. */
  readonly temporaryCredentials: Record<string, TemporaryCredential>;
  /** Where each Worker answers on loopback, also those that are not uploaded yet. */
  readonly ports: Record<string, number>;
}

export const bucketKey = ({ jurisdiction, name }: BucketName): string => `${jurisdiction}/${name}`;

export interface Bucket extends BucketName {
  /** Another one each time that a bucket of this name is made, so that nothing of the old one comes back. */
  readonly storageId: string;
  readonly creationDate: string;
  readonly location: string;
  storageClass: string;
  lifecycleRules: readonly LifecycleRule[];
  lockRules: readonly LockRule[];
}

/** What of it is carried out; the rest is kept and answered as it came. */
export interface LifecycleRule {
  readonly id: string;
  readonly enabled: boolean;
  readonly conditions: { readonly prefix: string };
  readonly deleteObjectsTransition?: {
    readonly condition:
      | { readonly type: "Age"; readonly maxAge: number }
      | { readonly type: "Date"; readonly date: string };
  };
}

export interface LockRule {
  readonly id: string;
  readonly enabled: boolean;
  readonly prefix?: string;
  readonly condition:
    | { readonly type: "Age"; readonly maxAgeSeconds: number }
    | { readonly type: "Date"; readonly date: string }
    | { readonly type: "Indefinite" };
}

export type Binding =
  | { readonly type: "plain_text" | "secret_text"; readonly name: string; readonly text: string }
  | { readonly type: "json"; readonly name: string; readonly json: unknown }
  | {
      readonly type: "r2_bucket";
      readonly name: string;
      readonly bucket_name: string;
      readonly jurisdiction?: Jurisdiction;
    }
  | { readonly type: "durable_object_namespace"; readonly name: string; readonly class_name: string };

export interface Module {
  readonly name: string;
  readonly contentType: string;
  /** Base64. */
  readonly contents: string;
}

/** A class of Durable Objects that a migration has made. */
export interface DurableObjectClass {
  /** Where its objects are kept: a class that is renamed keeps it, one that is made anew gets another. */
  readonly namespaceId: string;
  readonly sqlite: boolean;
}

export interface Schedule {
  readonly cron: string;
  readonly created_on: string;
  readonly modified_on: string;
}

export interface Script {
  readonly name: string;
  readonly createdOn: string;
  readonly modifiedOn: string;
  readonly mainModule: string;
  readonly modules: readonly Module[];
  readonly bindings: readonly Binding[];
  readonly compatibilityDate: string;
  readonly compatibilityFlags: readonly string[];
  /** Settings that change nothing here and are answered as they came. */
  readonly settings: {
    readonly logpush: boolean;
    readonly usage_model: string;
    readonly placement: Readonly<Record<string, unknown>>;
    readonly tail_consumers: readonly unknown[];
    readonly limits?: Readonly<Record<string, unknown>>;
    readonly observability?: Readonly<Record<string, unknown>>;
  };
  readonly migrationTag?: string;
  readonly classes: Readonly<Record<string, DurableObjectClass>>;
  readonly handlers: readonly string[];
  readonly namedHandlers: readonly { readonly name: string; readonly handlers: readonly string[] }[];
  subdomain: { readonly enabled: boolean; readonly previews_enabled: boolean };
  schedules: readonly Schedule[];
}

export interface Domain {
  readonly id: string;
  readonly zone_id: string;
  readonly zone_name: string;
  readonly hostname: string;
  readonly service: string;
  readonly environment: string;
  readonly cert_id: string;
}

export interface Policy {
  readonly id: string;
  readonly effect: "allow" | "deny";
  readonly permission_groups: readonly { readonly id: string }[];
  /** In the order in which they were sent: the provider compares bytes. */
  readonly resources: Readonly<Record<string, unknown>>;
}

export interface Token {
  readonly id: string;
  /** Hex SHA-256 of the value: what a bearer is checked with, and the secret of the S3 API. */
  readonly valueSha256: string;
  readonly name: string;
  readonly policies: readonly Policy[];
  readonly status: "active" | "disabled";
  readonly expires_on?: string;
  readonly not_before?: string;
  readonly condition?: {
    readonly request_ip?: { readonly in?: readonly string[]; readonly not_in?: readonly string[] };
  };
  readonly issued_on: string;
  readonly modified_on: string;
}

export const TEMPORARY_PERMISSIONS = [
  "object-read-only",
  "object-read-write",
  "admin-read-only",
  "admin-read-write",
] as const;

/** A key pair of the S3 API that is cut from a token's rights, for a while. */
export interface TemporaryCredential {
  /** The token that it comes from: what that loses, this loses. */
  readonly parentId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly bucket: BucketName;
  readonly permission: (typeof TEMPORARY_PERMISSIONS)[number];
  readonly prefixes: readonly string[];
  readonly objects: readonly string[];
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}
