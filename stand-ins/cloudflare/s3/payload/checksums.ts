import { createCRC32, createCRC64, createMD5, createSHA1, createSHA256, type IHasher } from "hash-wasm";

// Reversed polynomials.
const CASTAGNOLI = 0x82f63b78;
const NVME = "9a6c9329ac4bc9b5";

/** The checksums that S3 supports besides Content-MD5, by the end of their header's name. */
const ALGORITHMS = {
  crc32: () => createCRC32(),
  crc32c: () => createCRC32(CASTAGNOLI),
  crc64nvme: () => createCRC64(NVME),
  sha1: () => createSHA1(),
  sha256: () => createSHA256(),
} as const;
export type ChecksumAlgorithm = keyof typeof ALGORITHMS;

export const CHECKSUM_ALGORITHMS = Object.keys(ALGORITHMS) as readonly ChecksumAlgorithm[];
export const checksumHeader = (algorithm: ChecksumAlgorithm): string => `x-amz-checksum-${algorithm}`;
export const createChecksum = (algorithm: ChecksumAlgorithm): Promise<IHasher> => ALGORITHMS[algorithm]();
export { createMD5, createSHA256, type IHasher };
