// A published board: every line read, hashed and counted. Bytes in, figures out; the same in a page and in a worker.

import { sha256 } from "../vendor/noble/hashes/sha2.js";
import { bytesOf, hex } from "./bytes.js";
import { climbed, grown, Leaves, TOLD_EVERY } from "./merkle.js";

export const TIERS = ["device", "phone", "verified"];
const LINE_FEED = 10;
const FIRST_BYTES = 65536;
const CODE_CHARACTERS = 26;
const CODE = /^[0-9a-hjkmnp-tv-z]{26}$/; // Crockford base 32

/** A board as it arrives, line by line. */
export class Board {
  #bytes;
  #length = 0;
  #ends = [];

  /** `expected` is its length, if that is known. */
  constructor(expected = 0) {
    this.#bytes = new Uint8Array(expected || FIRST_BYTES);
  }

  push(chunk) {
    const [from, length] = [this.#length, this.#length + chunk.length];
    if (length > this.#bytes.length) this.#bytes = grown(this.#bytes, Math.max(length, 2 * this.#bytes.length));
    this.#bytes.set(chunk, from);
    this.#length = length;
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, at + 1)) this.#ends.push(from + at);
  }

  get bytes() {
    return this.#bytes.subarray(0, this.#length);
  }

  get lines() {
    return this.#ends.length;
  }

  /** Whether the last line has its line feed. */
  get whole() {
    return this.#length === (this.#ends.at(-1) ?? -1) + 1;
  }

  line(n) {
    return this.#bytes.subarray(n ? this.#ends[n - 1] + 1 : 0, this.#ends[n]);
  }

  /** {lines, index, line}: where the code stands (-1: nowhere). */
  found(code) {
    const index = code ? placeOf(code, this.lines, (n) => text(this.line(n).subarray(0, CODE_CHARACTERS))) : -1;
    return { lines: this.lines, index, line: index < 0 ? null : text(this.line(index)) };
  }

  /** The root of the tree over its lines, in hex. `told` hears how many of about twice as many hashes are done. */
  root(told = () => {}) {
    const leaves = new Leaves();
    for (let n = 0; n < this.lines; n += 1) {
      leaves.add(this.line(n));
      if (n % TOLD_EVERY === 0) told(n);
    }
    return hex(climbed(leaves.hashes, -1, (done) => told(this.lines + done)).root);
  }
}

/** Codes ascend, so halving finds one; whether they do is checked by `counted`. */
function placeOf(code, count, codeAt) {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (codeAt(middle) < code) low = middle + 1;
    else high = middle;
  }
  return low < count && codeAt(low) === code ? low : -1;
}

function text(bytes) {
  return String.fromCharCode(...bytes);
}

/**
 * The count of a board under the rules that were fixed when the ballot was opened (the body of its `ballot.opened`):
 * {raw, counted, result, bad}, `bad` being the number of the first line that breaks a rule (from 1), or 0.
 */
export function counted(bytes, rules) {
  const lines = new TextDecoder().decode(bytes).split("\n").slice(0, -1);
  const votes = new Map();
  let [before, bad] = ["", 0];
  for (let n = 0; n < lines.length && !bad; n += 1) {
    const code = lines[n].slice(0, CODE_CHARACTERS);
    if (code <= before || lines[n][CODE_CHARACTERS] !== " " || !CODE.test(code)) bad = n + 1;
    before = code;
    const vote = lines[n].slice(CODE_CHARACTERS + 1);
    const known = votes.get(vote);
    if (known) known.many += 1;
    else votes.set(vote, { many: 1, first: n + 1 });
  }
  const wrong = [...votes].filter(([vote]) => !isVote(vote, rules)).map(([, { first }]) => first);
  if (wrong.length) bad = Math.min(bad || Infinity, ...wrong);
  return bad ? { bad } : { bad, ...tallied(votes, rules) };
}

/** `<tier> <option>[,<option>…]`, the options ascending, each once, no more than allowed. */
function isVote(vote, { options, choose, tier }) {
  const [least, ...rest] = vote.split(" ");
  const choices = rest.join(" ").split(",");
  const reaches = TIERS.indexOf(least) >= TIERS.indexOf(tier);
  const ascending = choices.every((option, n) => n === 0 || choices[n - 1] < option);
  return reaches && ascending && choices.length <= choose && choices.every((option) => options.includes(option));
}

function tallied(votes, { options, counted_tier: least, tie_break: order }) {
  const raw = Object.fromEntries(TIERS.map((tier) => [tier, 0]));
  const counts = Object.fromEntries(options.map((option) => [option, 0]));
  for (const [vote, { many }] of votes) {
    const [tier, choices] = vote.split(" ");
    raw[tier] += many;
    if (TIERS.indexOf(tier) < TIERS.indexOf(least)) continue;
    for (const option of choices.split(",")) counts[option] += many;
  }
  const result = [...order].sort((one, other) => counts[other] - counts[one]); // Stable: equals keep the fixed order.
  return { raw, counted: counts, result };
}

/** Whether the order that decides between equals is the one that nobody could choose. */
export function isTieBreak(ballot, { options, tie_break: order }) {
  const key = new Map(options.map((option) => [option, hex(sha256(bytesOf(`${ballot} ${option}`)))]));
  const right = [...options].sort((one, other) => (key.get(one) < key.get(other) ? -1 : 1));
  return right.length === order.length && right.every((option, n) => option === order[n]);
}

/** The SHA-256 of a file in hex; by the browser itself where it can. */
export async function digestOf(bytes) {
  const native = await globalThis.crypto?.subtle?.digest("SHA-256", bytes);
  return hex(native ? new Uint8Array(native) : sha256(bytes));
}

