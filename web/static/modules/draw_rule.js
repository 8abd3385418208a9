// The rule of the lot in the browser: docs/verify.md, sections 1 to 5 and 7, word for word. No page, no network.
// The hashes are @noble/hashes: unlike WebCrypto they take a file in pieces, and work where there is no https.

import { md5 } from "../vendor/noble/hashes/legacy.js";
import { sha256 } from "../vendor/noble/hashes/sha2.js";

export const FELL = "-";
const MAX_TICKETS = 1000000;
const MAX_RFC3797_TICKETS = 65535;
const TAG = "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";
const utf8 = new TextEncoder();

/** Something that is not as it must be: a code that the page has words for, and what goes into them. */
export class Problem {
  constructor(code, facts = {}) {
    this.code = code;
    this.facts = facts;
  }
}

export function must(holds, code, facts) {
  if (!holds) throw new Problem(code, facts);
}

export function hex(bytes) {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

export function bytes(text) {
  must(/^(?:[0-9a-f]{2})*$/.test(text), "not_hex");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function joined(...parts) {
  return Uint8Array.from(parts.flatMap((part) => Array.from(typeof part === "string" ? utf8.encode(part) : part)));
}

function bigEndian(number, size) {
  return bytes(BigInt(number).toString(16).padStart(2 * size, "0"));
}

function numberOf(digest) {
  return BigInt(`0x${hex(digest)}`);
}

/** Section 1: the pool, taken in pieces. Keeps 36 bytes a line, and the notes where `notes` says so. */
export class Pool {
  #hash = sha256.create();
  #rest = new Uint8Array(0);
  #names = new Uint8Array(32 * 1024);
  #counts = new Uint32Array(1024);

  constructor({ notes = false } = {}) {
    this.members = 0;
    this.total = 0;
    this.possible = 0;
    this.excluded = {};
    this.notes = notes ? [] : null;
  }

  push(chunk) {
    this.#hash.update(chunk);
    const all = new Uint8Array(this.#rest.length + chunk.length);
    all.set(this.#rest);
    all.set(chunk, this.#rest.length);
    let start = 0;
    for (let end = all.indexOf(10); end >= 0; end = all.indexOf(10, start)) {
      this.#line(all, start, end);
      start = end + 1;
    }
    this.#rest = all.slice(start);
    must(this.#rest.length < 10000, "pool_line", { line: this.members + 1 });
  }

  end() {
    must(this.#rest.length === 0, "pool_end");
    this.sha256 = hex(this.#hash.digest());
    return this;
  }

  get tickets() {
    return this.#counts.subarray(0, this.members);
  }

  name(line) {
    return hex(this.#names.subarray(32 * line, 32 * line + 32));
  }

  #line(text, start, end) {
    const facts = { line: this.members + 1 };
    if (this.members === this.#counts.length) this.#grow();
    const ordered = this.#name(text, start, end, facts);
    must(ordered || this.members === 0, "pool_line", facts);
    let at = start + 65;
    let tickets = 0;
    for (; at < end && text[at] >= 48 && text[at] <= 57; at += 1) tickets = 10 * tickets + text[at] - 48;
    const digits = at - start - 65;
    must(digits > 0 && digits < 8 && tickets <= MAX_TICKETS, "pool_line", facts);
    must(digits === 1 || text[start + 65] !== 48, "pool_line", facts);
    must(at === end || (text[at] === 32 && at + 1 < end), "pool_line", facts);
    this.#note(tickets, at === end ? "" : new TextDecoder().decode(text.subarray(at + 1, end)), facts);
    this.#counts[this.members] = tickets;
    this.total += tickets;
    this.possible += tickets > 0 ? 1 : 0;
    this.members += 1;
  }

  /** Takes 64 hex digits and a space; whether they lie above the line before. */
  #name(text, start, end, facts) {
    must(end - start >= 66 && text[start + 64] === 32, "pool_line", facts);
    const place = 32 * this.members;
    let more = 0;
    for (let n = 0; n < 32; n += 1) {
      const high = digit(text[start + 2 * n]);
      const low = digit(text[start + 2 * n + 1]);
      must(high >= 0 && low >= 0, "pool_line", facts);
      this.#names[place + n] = 16 * high + low;
      if (more === 0 && place > 0) more = this.#names[place + n] - this.#names[place + n - 32];
    }
    return more > 0;
  }

  #note(tickets, note, facts) {
    if (this.notes) this.notes.push(note);
    if (tickets === 0) {
      must(/^[a-z_]+$/.test(note), "pool_line", facts);
      this.excluded[note] = (this.excluded[note] ?? 0) + 1;
    } else must(this.notes || note === "", "pool_line", facts);
  }

  #grow() {
    const names = new Uint8Array(2 * this.#names.length);
    const counts = new Uint32Array(2 * this.#counts.length);
    names.set(this.#names);
    counts.set(this.#counts);
    this.#names = names;
    this.#counts = counts;
  }
}

function digit(code) {
  if (code >= 48 && code <= 57) return code - 48;
  return code >= 97 && code <= 102 ? code - 87 : -1;
}

export function pseudonym(salt, member) {
  return hex(sha256(joined(bytes(salt), member)));
}

/** Section 3. */
export function commitment(draw, witness, secret) {
  return hex(sha256(joined(draw, [0], witness, [0], bytes(secret))));
}

/** Section 3: the randomness of a beacon's round, after its signature was proved under the chain's key. */
export async function beaconValue(key, round, signature) {
  const { bls12_381 } = await import("../vendor/noble/curves/bls12-381.js");
  const { shortSignatures } = bls12_381;
  must(/^[0-9a-f]{96}$/.test(signature), "signature");
  let genuine = false;
  try {
    const message = shortSignatures.hash(sha256(bigEndian(round, 8)), TAG);
    genuine = shortSignatures.verify(bytes(signature), message, bytes(key));
  } catch {
    genuine = false; // No point of the curve.
  }
  must(genuine, "signature");
  return hex(sha256(bytes(signature)));
}

/** Section 4. */
export function keyOf(draw, poolHash, values) {
  const lines = ["seethrough-draw-v1", draw, poolHash, ...values];
  return hex(sha256(utf8.encode(lines.map((line) => `${line}\n`).join(""))));
}

/** Section 5: every number as it comes, with the line it falls on; `counts` says whether that line is drawn by it. */
export function* lots(key, tickets) {
  const sums = sumsOf(tickets);
  const total = BigInt(sums.at(-1));
  must(total > 0n, "no_tickets");
  const bound = (1n << 256n) - ((1n << 256n) % total);
  const seen = new Set();
  for (let step = 0; ; step += 1) {
    const number = numberOf(sha256(joined(bytes(key), bigEndian(step, 8))));
    if (number >= bound) continue;
    const ticket = Number(number % total);
    yield fallen(seen, step, ticket, lineOf(sums, ticket));
  }
}

/** Section 5a: the same by RFC 3797. */
export function* lotsRfc3797(values, tickets) {
  const sums = sumsOf(tickets);
  const total = sums.at(-1);
  must(total > 0, "no_tickets");
  must(total <= MAX_RFC3797_TICKETS, "too_many_tickets");
  const key = values.filter((value) => value !== FELL).map((value) => `${value}/`).join("");
  const left = Array.from({ length: total }, (_, ticket) => ticket);
  const seen = new Set();
  for (let step = 0; step < total; step += 1) {
    const around = bigEndian(step, 2);
    const number = Number(numberOf(md5(joined(around, key, around))) % BigInt(left.length));
    const [ticket] = left.splice(number, 1);
    yield fallen(seen, step, ticket, lineOf(sums, ticket));
  }
}

/** Those numbers that draw a line, in order, as {ticket, line, again}: `again` fell on lines drawn already. */
export function drawn(falling, wanted, possible) {
  const lots = [];
  let again = 0;
  if (wanted < 1) return lots;
  for (const { ticket, line, counts } of falling) {
    if (counts) lots.push({ ticket, line, again });
    again = counts ? 0 : again + 1;
    if (lots.length >= Math.min(wanted, possible)) break;
  }
  return lots;
}

function fallen(seen, step, ticket, line) {
  const counts = !seen.has(line);
  seen.add(line);
  return { step, ticket, line, counts };
}

function sumsOf(tickets) {
  const sums = new Float64Array(tickets.length);
  let sum = 0;
  tickets.forEach((count, line) => (sums[line] = sum += count));
  return sums.length ? sums : new Float64Array(1);
}

function lineOf(sums, ticket) {
  let low = 0;
  let high = sums.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle] > ticket) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Section 7: the order in which inspectors are called; `duties` by line, `recused` are lines. */
export function team(order, duties, { category, district, recused }) {
  const within = (value, list) => list.length === 0 || list.includes(value);
  return order
    .map((line, lot) => ({ line, lot, ...duties[line] }))
    .sort((one, other) => one.burden - other.burden || one.lot - other.lot)
    .filter(({ line, categories, districts }) =>
      within(category, categories) && within(district, districts) && !recused.has(line))
    .map(({ line }) => line);
}
