import type { BucketName, Jurisdiction } from "./s3/access";

/** Everything that is saved of the account: plain data, written as JSON after every change. */
export interface AccountState {
  /** 32 hex digits. */
  readonly id: string;
  /** The value of the first token, which has all permissions: CLOUDFLARE_API_TOKEN. */
  readonly apiToken: string;
  /** By {@link bucketKey}. */
  readonly buckets: Record<string, Bucket>;
  readonly scripts: Record<string, Script>;
  readonly domains: Record<string, Domain>;
  readonly tokens: Record<string, Token>;
  /** By access key id. */
  readonly temporaryCredentials: Record<string, TemporaryCredential>;
  /** The loopback port of each Worker, also of those that are not uploaded yet. */
  readonly ports: Record<string, number>;
}

export const bucketKey = ({ jurisdiction, name }: BucketName): string => `${jurisdiction}/${name}`;

export interface Bucket extends BucketName {
  /** A new one each time a bucket of this name is created, so that the objects of an old one do not come back. */
  readonly storageId: string;
  readonly creationDate: string;
  readonly location: string;
  storageClass: string;
  lifecycleRules: readonly LifecycleRule[];
  lockRules: readonly LockRule[];
}

/** The fields that the stand-in acts on. Others are saved and answered as they were sent. */
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

/** A class of Durable Objects that a migration has created. */
export interface DurableObjectClass {
  /** Identifies its storage. A renamed class keeps it; a class that is deleted and created again gets a new one. */
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
  /** Settings without an effect here, which are answered as they were sent. */
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
  /** In the order in which they were sent, because the provider compares bytes. */
  readonly resources: Readonly<Record<string, unknown>>;
}

export interface Token {
  readonly id: string;
  /** Hex SHA-256 of the value. It checks bearer tokens, and it is the secret access key of the S3 API. */
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

/** An S3 key pair with a part of a token's permissions, for a limited time. */
export interface TemporaryCredential {
  /** The token that it comes from, whose loss of permissions applies here too. */
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
