import type { BootstrapConfig, ClusterConfig } from "../../config";
import type { BootstrapStackProps } from "../../stacks/bootstrap-stack";
import type { ClusterStackProps } from "../../stacks/cluster-stack-props";

/*
 * The configuration against the props of the stacks, by the compiler. A stack that needs what the configuration lacks
 * does not compile in main.ts; this is the other direction: a key that no stack knows would do nothing, in silence.
 */

/** Keys of `Config` at any depth that `Props` does not have. */
type KeysUnknownTo<Props, Config, Prefix extends string = ""> = Config extends readonly (infer Item)[]
  ? KeysUnknownTo<ItemOf<Props>, Item, Prefix>
  : Config extends object
    ? {
        [Key in keyof Config & string]: string extends Key
          ? never
          : Key extends KeyOf<Props>
            ? KeysUnknownTo<ValueOf<Props, Key>, Config[Key], `${Prefix}${Key}.`>
            : `${Prefix}${Key}`;
      }[keyof Config & string]
    : never;

type KeyOf<Props> = Props extends object ? keyof Props : never;
type ValueOf<Props, Key> = Props extends object ? (Key extends keyof Props ? Props[Key] : never) : never;
type ItemOf<Props> = Props extends readonly (infer Item)[] ? Item : never;
type NotUndefined<T> = Exclude<T, undefined>;

/** What is for the drawing, or for the other stack. */
export const unknownToClusterStack: Record<
  NotUndefined<KeysUnknownTo<ClusterStackProps, ClusterConfig>>,
  string
> = {
  bootstrap: "BootstrapStack",
  nodePools: "drawing",
  "nodes.encryptDisk": "drawing; the stack has nodes.diskEncryption",
};

export const unknownToBootstrapStack: Record<
  NotUndefined<KeysUnknownTo<BootstrapStackProps, BootstrapConfig>>,
  string
> = {};
