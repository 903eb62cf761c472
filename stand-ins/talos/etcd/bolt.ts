/** A bucket of a bbolt file: its keys in their order, with their values. */
export type Bucket = readonly (readonly [key: Buffer, value: Buffer])[];

const PAGE_BYTES = 4096;
const HEADER_BYTES = 16;
const ELEMENT_BYTES = 16;
const FLAGS = { leaf: 0x02, meta: 0x04, freelist: 0x10 } as const;
const IS_BUCKET = 1;
const MAGIC = 0xed0cdaed;
const VERSION = 2;
/** The pages of a file: two copies of the meta page, the list of free pages, and all buckets in one leaf. */
const PAGES = { freelist: 2, root: 3 } as const;

/**
 * Writes a bbolt file, the format of etcd's database, with each bucket inside the page of its name.
 * @param buckets by name, in the order of their names
 * @throws where they do not fit on a page
 */
export function boltFile(buckets: readonly (readonly [name: string, bucket: Bucket])[]): Buffer {
  const inline = buckets.map(([name, bucket]) => {
    // A root of 0 says that the bucket's page follows.
    const value = Buffer.concat([Buffer.alloc(16), leaf(0, bucket, 0)]);
    return [Buffer.from(name), value] as const;
  });
  const root = leaf(PAGES.root, inline, IS_BUCKET);
  if (root.length > PAGE_BYTES)
    throw new Error(`the buckets have ${root.length} bytes, a page ${PAGE_BYTES}`);
  const all = [meta(0), meta(1), header(PAGES.freelist, FLAGS.freelist, 0), root];
  return Buffer.concat(all.map(padded));
}

/** The checksum is FNV-1a over what precedes it. */
function meta(id: number): Buffer {
  const body = Buffer.alloc(56);
  body.writeUInt32LE(MAGIC, 0);
  body.writeUInt32LE(VERSION, 4);
  body.writeUInt32LE(PAGE_BYTES, 8);
  body.writeBigUInt64LE(BigInt(PAGES.root), 16);
  body.writeBigUInt64LE(BigInt(PAGES.freelist), 32);
  body.writeBigUInt64LE(BigInt(PAGES.root + 1), 40);
  body.writeBigUInt64LE(BigInt(id), 48);
  const checksum = Buffer.alloc(8);
  checksum.writeBigUInt64LE(fnv1a(body));
  return Buffer.concat([header(id, FLAGS.meta, 0), body, checksum]);
}

function leaf(id: number, entries: Bucket, flags: number): Buffer {
  const elements = Buffer.alloc(entries.length * ELEMENT_BYTES);
  let offset = elements.length;
  for (const [index, [key, value]] of entries.entries()) {
    const at = index * ELEMENT_BYTES;
    elements.writeUInt32LE(flags, at);
    // From this element to its key.
    elements.writeUInt32LE(offset - at, at + 4);
    elements.writeUInt32LE(key.length, at + 8);
    elements.writeUInt32LE(value.length, at + 12);
    offset += key.length + value.length;
  }
  return Buffer.concat([header(id, FLAGS.leaf, entries.length), elements, ...entries.flat()]);
}

function header(id: number, flags: number, count: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.writeBigUInt64LE(BigInt(id), 0);
  bytes.writeUInt16LE(flags, 8);
  bytes.writeUInt16LE(count, 10);
  return bytes;
}

const padded = (page: Buffer): Buffer =>
  Buffer.concat([page, Buffer.alloc((PAGE_BYTES - (page.length % PAGE_BYTES)) % PAGE_BYTES)]);

function fnv1a(bytes: Buffer): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}
