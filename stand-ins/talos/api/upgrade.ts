import { createHash } from "node:crypto";
import type { TalosImage } from "../model";
import { refusedUpgrade } from "../node/installer-image";
import { startUpgrade } from "../node/lifecycle";
import type { ImagePullRequest, LifecycleUpgradeRequest, UpgradeRequest } from "../protocol/messages";
import { ADMIN, OPERATORS } from "./caller";
import { type CallContext, method } from "./method";
import { RpcError } from "./rpc-error";

/** The new form of an upgrade, in which the client does what the node did before. */
const SINCE = "v1.13.0";
const LAYER_BYTES = 2 ** 28;

/** Has every installer of the Image Factory and of Sidero, and nothing else. Nothing is downloaded. */
export const imagePull = {
  ...method<ImagePullRequest>(
    OPERATORS,
    async function* ({ machines, node }, { imageRef }) {
      if (!machines.installer(imageRef)) {
        throw new RpcError("NOT_FOUND", `error pulling image: ${notFound(imageRef)}`);
      }
      const digest = createHash("sha256").update(imageRef).digest("hex");
      const progress = { offset: LAYER_BYTES, total: LAYER_BYTES };
      for (const status of ["DOWNLOADING", "EXTRACT_COMPLETE"]) {
        yield { pullProgress: { layerId: `sha256:${digest}`, progress: { ...progress, status } } };
      }
      node.images.add(imageRef);
      yield { name: `${imageRef.replace(/(:[^:/@]+)?(@.*)?$/, "")}@sha256:${digest}` };
    },
    ({ imageRef }) => imageRef,
  ),
  since: SINCE,
};

/** Has every image that is not of Talos itself. Nothing is downloaded. */
export const imagePrePull = method<{ readonly reference: string }>(
  OPERATORS,
  () => ({ messages: [{}] }),
  ({ reference }) => reference,
);

/** Writes a Talos that was pulled to the disk. The next boot starts it. It neither drains nor asks etcd. */
export const lifecycleUpgrade = {
  ...method<LifecycleUpgradeRequest>(
    ADMIN,
    async function* ({ machines, node }, { source }) {
      if (!node.state.installed) throw new RpcError("FAILED_PRECONDITION", "machine is not installed");
      const reference = source?.imageName ?? "";
      if (reference === "") throw new RpcError("INVALID_ARGUMENT", "installer image name is required");
      const image = machines.installer(reference);
      if (!image || !node.images.has(reference)) {
        throw new RpcError(
          "INTERNAL",
          `upgrade failed: installer image "${reference}" not found in containerd store: image "${reference}": not found`,
        );
      }
      yield { progress: { message: `running Talos installer ${image.version}\n` } };
      const refusal = refusedUpgrade(node.version, image.version);
      if (refusal) {
        yield { progress: { message: `pre-flight checks failed: ${refusal}\n` } };
        yield { progress: { exitCode: 1 } };
        return;
      }
      node.writeImage(image);
      machines.save();
      yield { progress: { message: `installation of ${image.version} complete\n` } };
      yield { progress: { exitCode: 0 } };
    },
    ({ source }) => source?.imageName ?? "",
  ),
  since: SINCE,
};

/** The older form: the node asks etcd, drains, writes the new Talos and reboots. */
export const upgrade = method<UpgradeRequest>(
  ADMIN,
  (context, { image: reference, force, preserve }) => {
    const { machines, node } = context;
    if (!node.state.installed) throw new RpcError("FAILED_PRECONDITION", "Talos is not installed");
    const image = validated(context, reference);
    if (!force && !preserve) requireSpareMembers(context);
    const actorId = startUpgrade(machines, node, image);
    return { messages: [{ ack: "Upgrade request received", actorId }] };
  },
  ({ image }) => image,
);

const notFound = (image: string): string =>
  `failed to pull image "${image}": failed to resolve reference "${image}": ${image}: not found`;

/** @throws RpcError */
function validated({ machines, node }: CallContext, reference: string): TalosImage {
  const image = machines.installer(reference);
  const problem = image ? refusedUpgrade(node.version, image.version) : notFound(reference);
  if (image && problem === undefined) return image;
  throw new RpcError("UNKNOWN", `error validating installer image "${reference}": ${problem}`);
}

/**
 * The older form asks etcd whether it stands the loss of this member; the newer one does not.
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
