import { startUpgrade, versionOf } from "../node/lifecycle";
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
    context.node.state.installedVersion = version;
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
    const actorId = startUpgrade(context.machines, context.node, versionIn(image));
    return { messages: [{ ack: "Upgrade request received", actorId }] };
  },
  ({ image }) => image,
);

function requireInstalled({ node }: CallContext): void {
  if (!node.state.installed) throw new RpcError("FAILED_PRECONDITION", "Talos is not installed");
}

/** @throws RpcError */
function versionIn(image: string): string {
  const version = versionOf(image);
  if (!version) {
    throw new RpcError("INVALID_ARGUMENT", `image "${image}" has no version of Talos as its tag`);
  }
  return version;
}
