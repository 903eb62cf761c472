import { startUpgrade, versionOf, writeVersion } from "../node/lifecycle";
import type { ImagePullRequest, LifecycleUpgradeRequest, UpgradeRequest } from "../protocol/messages";
import { ADMIN, OPERATORS } from "./caller";
import { type CallContext, method } from "./method";
import { RpcError } from "./rpc-error";

/** Accepts every image whose tag is a version. Nothing is downloaded. */
export const imagePull = method<ImagePullRequest>(
  OPERATORS,
  async function* (_context, { imageRef }) {
    versionIn(imageRef);
    yield { name: imageRef };
  },
  ({ imageRef }) => imageRef,
);

/** Writes the new Talos version to the disk. The next boot runs it. */
export const lifecycleUpgrade = method<LifecycleUpgradeRequest>(
  ADMIN,
  async function* (context, { source }) {
    const image = source?.imageName ?? "";
    const version = versionIn(image);
    requireInstalled(context);
    yield { progress: { message: `installing ${image}` } };
    writeVersion(context.node, version);
    context.machines.save();
    yield { progress: { exitCode: 0 } };
  },
  ({ source }) => source?.imageName ?? "",
);

/** The older method: writes the new version and reboots. */
export const upgrade = method<UpgradeRequest>(
  ADMIN,
  (context, { image }) => {
    requireInstalled(context);
    requireSpareMembers(context);
    const actorId = startUpgrade(context.machines, context.node, versionIn(image));
    return { messages: [{ ack: "Upgrade request received", actorId }] };
  },
  ({ image }) => image,
);

function requireInstalled({ node }: CallContext): void {
  if (!node.state.installed) throw new RpcError("FAILED_PRECONDITION", "Talos is not installed");
}

/**
 * The older method asks etcd whether it stands the loss of this member; the newer one does not.
 * @throws RpcError
 */
function requireSpareMembers({ machines, node }: CallContext): void {
  if (!node.isControlPlane || node.state.etcdMember === undefined) return;
  const members = machines.etcd.members(node);
  if (members.length === 2) {
    throw new RpcError(
      "UNKNOWN",
      "error validating etcd for upgrade: etcd member count(2) is insufficient to maintain quorum if upgrade commences",
    );
  }
  const [stopped] = machines.etcd.stopped(node);
  if (stopped) {
    const id = BigInt(stopped.id).toString(16).padStart(16, "0");
    throw new RpcError(
      "UNKNOWN",
      `error validating etcd for upgrade: etcd member ${id} is not healthy; all members must be healthy to perform an upgrade`,
    );
  }
}

/** @throws RpcError */
function versionIn(image: string): string {
  const version = versionOf(image);
  if (!version) {
    throw new RpcError("INVALID_ARGUMENT", `image "${image}" has no version of Talos as its tag`);
  }
  return version;
}
