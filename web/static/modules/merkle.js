// Merkle trees of RFC 6962: leaves, roots, audit paths. Bytes in, bytes out; synchronous, and quick enough for 200,000.

import { sha256 } from "../vendor/noble/hashes/sha2.js";
import { joined, same } from "./bytes.js";

const LEAF = new Uint8Array([0]);
const NODE = new Uint8Array([1]);
const SIZE = 32;
export const TOLD_EVERY = 8192;

export function leafHash(data) {
  return sha256(joined(LEAF, data));
}

export function nodeHash(left, right) {
  return sha256(joined(NODE, left, right));
}

/** Hashes of leaves as they come, one behind the other in one array. */
export class Leaves {
  #hashes = new Uint8Array(1024 * SIZE);
  #hasher = reused(LEAF);
  #length = 0;

  add(data) {
    if (this.#length === this.#hashes.length) this.#hashes = grown(this.#hashes, 2 * this.#length);
    this.#hasher(data, this.#hashes.subarray(this.#length, (this.#length += SIZE)));
  }

  /** All of them, in an array of their own. */
  get hashes() {
    return this.#hashes.slice(0, this.#length);
  }
}

/** The same bytes with room behind them. */
export function grown(bytes, length) {
  const larger = new Uint8Array(length);
  larger.set(bytes);
  return larger;
}

/** The root over such hashes, which are used up, and the audit path of the leaf `index` (2.1.1), from the leaf up. */
export function climbed(hashes, index = -1, told = () => {}) {
  const path = [];
  const hasher = reused(NODE);
  const out = new Uint8Array(SIZE);
  let [count, here] = [hashes.length / SIZE, index];
  if (!count) return { root: sha256(new Uint8Array()), path };
  for (let done = 0; count > 1; here >>= 1, count = (count + 1) >> 1) {
    const beside = here ^ 1;
    if (index >= 0 && beside < count) path.push(hashes.slice(beside * SIZE, (beside + 1) * SIZE));
    for (let n = 0; n + 1 < count; n += 2) {
      hasher(hashes.subarray(n * SIZE, (n + 2) * SIZE), out);
      hashes.set(out, (n / 2) * SIZE);
      if ((done += 1) % TOLD_EVERY === 0) told(done);
    }
    // The last without a neighbour goes up as it is: what RFC 6962 calls the smaller subtree.
    if (count % 2) hashes.copyWithin(((count - 1) / 2) * SIZE, (count - 1) * SIZE, count * SIZE);
  }
  return { root: hashes.slice(0, SIZE), path };
}

/** A hasher of prefix and data that does not make a new object for each of hundreds of thousands. */
function reused(prefix) {
  const fresh = sha256.create().update(prefix);
  const busy = sha256.create();
  return (data, into) => {
    fresh._cloneInto(busy);
    busy.update(data).digestInto(into);
  };
}

/** The root that a leaf's hash and its audit path lead to; null where the path has another length (RFC 9162, 2.1.3.2). */
export function rootFrom(index, size, leaf, path) {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return null;
  let [fn, sn, hash] = [index, size - 1, leaf];
  for (const beside of path) {
    if (sn === 0 || beside?.length !== SIZE) return null;
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(beside, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
    } else {
      hash = nodeHash(hash, beside);
    }
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 ? hash : null;
}

/** Whether the tree of `old` leaves is the beginning of that of `size` (RFC 9162, 2.1.4.2). */
export function isConsistent(old, size, oldRoot, root, proof) {
  if (old === size) return proof.length === 0 && same(oldRoot, root);
  if (!(old > 0 && old < size) || !proof.length || proof.some((hash) => hash?.length !== SIZE)) return false;
  const isPower = Number.isInteger(Math.log2(old));
  const [first, ...rest] = isPower ? [oldRoot, ...proof] : proof;
  let [fn, sn] = [old - 1, size - 1];
  while (fn % 2 === 1) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  let [was, now] = [first, first];
  for (const beside of rest) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      [was, now] = [nodeHash(beside, was), nodeHash(beside, now)];
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
    } else {
      now = nodeHash(now, beside);
    }
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 && same(was, oldRoot) && same(now, root);
}
