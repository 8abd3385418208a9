// The public ledger, checked: that an entry stands in it, under a checkpoint that its key signed. Trusts no answer.

import { sha256 } from "../vendor/noble/hashes/sha2.js";
import { bytesOf, hex, joined, same, unbase64, unhex } from "./bytes.js";
import { isConsistent, leafHash, rootFrom } from "./merkle.js";
import { isSigned } from "./signature.js";

const ED25519 = new Uint8Array([1]);
const SEEN = "ledger-seen";

/** What does not fit. `step` says which check failed; there are no words here. */
export class Unproven extends Error {
  constructor(step, detail = "") {
    super(`${step} ${detail}`);
    this.step = step;
  }
}

/** A verifier key `name+id+key` (C2SP signed-note) as {name, id, key}. */
export async function readKey(line) {
  const [name, id, ...rest] = line.trim().split("+"); // Base64 may hold a plus as well.
  const blob = unbase64(rest.join("+")) ?? new Uint8Array();
  const named = sha256(joined(bytesOf(`${name}\n`), blob)).slice(0, 4);
  if (!name || blob.length !== 33 || blob[0] !== ED25519[0] || hex(named) !== id) throw new Unproven("key");
  return { name, id: named, key: blob.slice(1) };
}

/** The checkpoint {origin, size, root} of a note (C2SP tlog-checkpoint) that this key signed. */
export async function openCheckpoint(note, { name, id, key }) {
  const cut = note.lastIndexOf("\n\n");
  const text = note.slice(0, cut + 1);
  const blobs = note.slice(cut + 2).split("\n").map((line) => blobBy(name, line));
  const signatures = blobs.filter((blob) => blob && same(blob.slice(0, 4), id)).map((blob) => blob.slice(4));
  const right = await Promise.all(signatures.map((signature) => isSigned(key, bytesOf(text), signature)));
  if (cut < 0 || !right.length || !right.every(Boolean)) throw new Unproven("checkpoint");
  const [origin, size, encoded] = text.split("\n");
  const root = unbase64(encoded ?? "");
  if (origin !== name || !/^(0|[1-9][0-9]{0,15})$/.test(size) || root?.length !== 32) throw new Unproven("checkpoint");
  return { origin, size: Number(size), root };
}

function blobBy(name, line) {
  const start = `— ${name} `;
  return line.startsWith(start) ? unbase64(line.slice(start.length)) : null;
}

/** Whether the bytes of an entry stand at `index` under a checkpoint; `proof` is hex, from the leaf up. */
export function stands(raw, index, proof, { size, root }) {
  return same(rootFrom(index, size, leafHash(raw), proof.map(unhex)), root);
}

/** The signed checkpoint of now with its key; everything below is checked under it. */
export async function currentCheckpoint() {
  const [keyText, note] = await Promise.all([asked("/ledger/key"), asked("/ledger/checkpoint")]);
  const key = await readKey(keyText);
  return { key, ...(await openCheckpoint(note, key)) };
}

/** The entry at `index` as {raw, fact}, proven under a checkpoint. */
export async function provenEntry(index, checkpoint) {
  const [raw, answer] = await Promise.all([
    asked(`/ledger/entries?from=${index}&limit=1`),
    asked(`/ledger/proof/inclusion?index=${index}&size=${checkpoint.size}`),
  ]);
  const line = bytesOf(raw.replace(/\n$/, ""));
  const { proof } = JSON.parse(answer);
  if (!Array.isArray(proof) || !stands(line, index, proof, checkpoint)) throw new Unproven("entry", index);
  return { raw: line, fact: JSON.parse(raw) };
}

/**
 * Whether this ledger is the one that this browser saw before, only longer; "first" when it saw none. The key and
 * the checkpoint of the latest look are kept, so that a record changed behind one's back shows at the next look.
 */
export async function sameAsBefore(checkpoint) {
  const before = recalled();
  if (before && !(await continues(before, checkpoint))) throw new Unproven("history");
  if (!before || before.size < checkpoint.size) remember(checkpoint);
  return before ? "continued" : "first";
}

async function continues(before, checkpoint) {
  if (before.key !== hex(checkpoint.key.key) || before.origin !== checkpoint.origin) return false;
  const [older, newer] = [{ size: before.size, root: unhex(before.root) }, checkpoint];
  const [from, to] = older.size <= newer.size ? [older, newer] : [newer, older]; // A copy that lags behind is no lie.
  if (from.size === 0) return true;
  const { proof } = JSON.parse(await asked(`/ledger/proof/consistency?from=${from.size}&to=${to.size}`));
  return isConsistent(from.size, to.size, from.root, to.root, proof.map(unhex));
}

function recalled() {
  try {
    return JSON.parse(localStorage.getItem(SEEN));
  } catch {
    return null;
  }
}

function remember({ key, origin, size, root }) {
  try {
    localStorage.setItem(SEEN, JSON.stringify({ key: hex(key.key), origin, size, root: hex(root) }));
  } catch {
    // A browser that keeps nothing begins anew each time.
  }
}

/** What an address says; TypeError where nobody answers, as fetch has it. */
export async function asked(url) {
  const reply = await fetch(url, { cache: "no-store", headers: { Accept: "application/json" } });
  if (!reply.ok) throw new TypeError(`${url} ${reply.status}`);
  return reply.text();
}
