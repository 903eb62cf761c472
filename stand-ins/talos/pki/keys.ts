import { createPrivateKey, type KeyObject, webcrypto } from "node:crypto";

const { subtle } = webcrypto;

/** The parameters of Web Crypto for a key and for signing with it. */
interface Algorithm {
  readonly key: webcrypto.EcKeyImportParams | webcrypto.RsaHashedImportParams | { readonly name: "Ed25519" };
  readonly signing: webcrypto.EcdsaParams | { readonly name: string };
}

const CURVES: Readonly<Record<string, string>> = {
  prime256v1: "P-256",
  secp384r1: "P-384",
  secp521r1: "P-521",
};

export interface SigningKey {
  readonly privateKey: webcrypto.CryptoKey;
  readonly signing: Algorithm["signing"];
}

/**
 * Reads a private key from a machine configuration. Talos labels PKCS #8 as `ED25519 PRIVATE KEY`, a label that OpenSSL
 * does not know.
 * @throws where it is not a key, or of a type that Talos does not generate
 */
export async function signingKey(pem: string): Promise<SigningKey> {
  const object = createPrivateKey(pem.replaceAll("ED25519 PRIVATE KEY", "PRIVATE KEY"));
  const { key, signing } = algorithmOf(object);
  const pkcs8 = object.export({ format: "der", type: "pkcs8" });
  return { privateKey: await subtle.importKey("pkcs8", pkcs8, key, false, ["sign"]), signing };
}

function algorithmOf(key: KeyObject): Algorithm {
  switch (key.asymmetricKeyType) {
    case "ed25519":
      return { key: { name: "Ed25519" }, signing: { name: "Ed25519" } };
    case "rsa":
      return { key: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, signing: { name: "RSASSA-PKCS1-v1_5" } };
    case "ec": {
      const namedCurve = CURVES[key.asymmetricKeyDetails?.namedCurve ?? ""];
      if (namedCurve) {
        return { key: { name: "ECDSA", namedCurve }, signing: { name: "ECDSA", hash: "SHA-256" } };
      }
    }
  }
  throw new Error(`a key of type ${key.asymmetricKeyType} cannot sign certificates`);
}

/** Makes a key pair: Ed25519 for the Talos API, P-256 for Kubernetes. */
export async function generateKeyPair(kind: "ed25519" | "p256"): Promise<webcrypto.CryptoKeyPair> {
  const algorithm = kind === "ed25519" ? { name: "Ed25519" } : { name: "ECDSA", namedCurve: "P-256" };
  return (await subtle.generateKey(algorithm, true, ["sign", "verify"])) as webcrypto.CryptoKeyPair;
}

/** PKCS #8 as PEM. */
export async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await subtle.exportKey("pkcs8", key));
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" })
    .export({ format: "pem", type: "pkcs8" })
    .toString();
}
