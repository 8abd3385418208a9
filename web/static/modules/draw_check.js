// Checks a whole draw against docs/verify.md, step by step. Given what was published; asks nobody, trusts nothing.

import {
  beaconValue, commitment, drawn, FELL, keyOf, lots, lotsRfc3797, must, Problem, pseudonym, team
} from "./draw_rule.js";

/** The chain that every copy of this page knows; another one is only as good as who runs it. */
export const QUICKNET = {
  hash: "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
  key: "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a",
  genesis: 1692803367,
  period: 3,
};
const TEAM = 2;
const SHOWN = 500;

/** What was published could not be read: no fault of the draw. */
export class Unreadable extends Error {}

/** What cannot be judged from what was given: neither true nor false. */
class Unknown extends Problem {}

/** Yields {step, state: "pass" | "fail" | "unknown", problem, facts} in order. `readPool(notes)` gives a Pool. */
export async function* check(proof, readPool) {
  const record = new Record(proof, proof.id);
  const found = {};
  for (const [step, work] of stepsOf(record)) {
    try {
      yield { step, state: "pass", problem: null, facts: (await work(record, found, readPool)) ?? {} };
    } catch (problem) {
      if (problem instanceof Unreadable) throw problem;
      const state = problem instanceof Unknown ? "unknown" : "fail";
      yield { step, state, problem: problem.code ?? "malformed", facts: problem.facts ?? {} };
      if (step === "announcement" && state === "fail") return;
    }
  }
}

/** All of it: refuted by one failure, proven when every step passed and there is an outcome. */
export function verdict(steps) {
  if (steps.some(({ state }) => state === "fail")) return "refuted";
  return steps.some(({ state }) => state === "unknown") ? "unknown" : "proven";
}

function stepsOf(record) {
  const steps = [["announcement", announcement], ["times", times], ["pool", pool]];
  if (record.source("ceremony")) steps.push(["witnesses", witnesses]);
  steps.push(["sources", sources]);
  if (record.source("beacon")) steps.push(["beacon", beacon], ["chain", chainKnown]);
  if (record.source("draw")) steps.push(["draw", otherDraw]);
  if (record.one("draw.voided")) return [...steps, ["void", voided]];
  if (!record.one("draw.drawn")) return [...steps, ["waiting", waiting]];
  steps.push(["key", key], ["lots", lotsFall], ["opened", opened]);
  return steps;
}

/** The entries of one draw, read. */
class Record {
  constructor(proof, id) {
    this.proof = proof;
    this.id = id;
    this.announced = parsed(proof.announcement);
    this.entries = (proof.facts ?? []).map(parsed);
    this.body = this.announced?.body ?? {};
    this.sources = Array.isArray(this.body.sources) ? this.body.sources : [];
  }

  of(kind) {
    return this.entries.filter((entry) => entry?.kind === kind);
  }

  one(kind) {
    return this.of(kind)[0];
  }

  source(kind) {
    return this.sources.find((source) => source.kind === kind);
  }

  sourced(number) {
    const found = this.of("draw.sourced").filter(({ body }) => body.source === number);
    must(found.length < 2, "source_twice", { source: number });
    return found[0];
  }

  get values() {
    return this.sources.map((_, number) => this.sourced(number)?.body.value ?? null);
  }

  chain(source) {
    if (source.chain === QUICKNET.hash) return QUICKNET;
    const given = this.proof.chain;
    if (given?.hash !== source.chain) throw new Unknown("chain_parameters", { chain: source.chain });
    return given;
  }

  /** The draw that a source is, as far as it was given. */
  other(source) {
    const found = (this.proof.other_draws ?? []).find(({ id }) => id === source.draw);
    if (!found) throw new Unknown("other_draw", { draw: source.draw });
    return new Record({ ...found, chain: this.proof.chain, other_draws: this.proof.other_draws }, source.draw);
  }

  /** When a source could first be known to anybody, in microseconds. */
  outAt(source) {
    if (source.kind === "beacon") {
      const { genesis, period } = this.chain(source);
      return (genesis + (source.round - 1) * period) * 1e6;
    }
    if (source.kind === "numbers") return moment(source.due);
    if (source.kind === "ceremony") return moment(source.commit_until);
    return this.other(source).firstOut();
  }

  firstOut() {
    return Math.min(...this.sources.map((source) => this.outAt(source)));
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** RFC 3339 in UTC, in microseconds, so that nothing is rounded away. */
function moment(text) {
  const found = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:Z|\+00:00)$/.exec(text ?? "");
  must(found, "moment", { text: String(text) });
  return Date.parse(`${found[1]}Z`) * 1000 + Number((found[2] ?? "").padEnd(6, "0"));
}

function announcement(record) {
  const { id, announced, entries, body, proof } = record;
  must(announced?.kind === "draw.announced" && announced.subject === id, "announcement");
  must(record.of("draw.announced").length === 1 && proof.facts[0] === proof.announcement, "announced_twice");
  must(entries.every((entry) => entry?.subject === id), "foreign_fact");
  must(["target", "inspectors"].includes(body.of) && ["sha256", "rfc3797"].includes(body.algorithm), "announcement");
  must(record.sources.length > 0 && record.sources.every((s) => KINDS[s.kind]), "announcement");
  const own = ["numbers", "draw"];
  must(body.algorithm === "sha256" || record.sources.every((s) => own.includes(s.kind)), "rfc3797_sources");
  return { attempt: body.attempt, sources: record.sources.length };
}

function times(record) {
  const at = moment(record.announced.at);
  for (const source of record.sources) {
    must(at < record.outAt(source), "announced_late", { kind: source.kind });
    if (source.kind !== "ceremony") continue;
    const until = moment(source.reveal_until);
    must(moment(source.commit_until) < until, "ceremony_times");
    for (const other of record.sources) {
      must(other === source || until < record.outAt(other), "ceremony_last", { kind: other.kind });
    }
  }
  return { at: record.announced.at, ahead: Math.floor((record.firstOut() - at) / 1e6) };
}

async function pool({ body }, found, readPool) {
  const file = await readPool(body.of === "inspectors");
  must(file.sha256 === body.pool_sha256, "pool_hash");
  must(file.members === body.members && file.total === body.tickets, "pool_counts");
  must(same(file.excluded, body.excluded), "pool_excluded");
  found.pool = file;
  return { members: file.members, tickets: file.total, left_out: file.members - file.possible };
}

function same(one, other) {
  const names = Object.keys(one);
  return names.length === Object.keys(other ?? {}).length && names.every((name) => one[name] === other[name]);
}

function witnesses(record) {
  const { commit_until: commitUntil, reveal_until: revealUntil } = record.source("ceremony");
  const sealed = new Map();
  for (const { at, by, body } of record.of("draw.witnessed")) {
    must(moment(at) < moment(commitUntil), "sealed_late", { witness: by });
    must(!sealed.has(by), "sealed_twice", { witness: by });
    sealed.set(by, body.commitment);
  }
  for (const { at, by, body } of record.of("draw.revealed")) {
    must(moment(at) >= moment(commitUntil) && moment(at) <= moment(revealUntil), "opened_late", { witness: by });
    must(/^[0-9a-f]{64}$/.test(body.secret), "secret", { witness: by });
    must(commitment(record.id, by, body.secret) === sealed.get(by), "secret", { witness: by });
  }
  return { sealed: sealed.size, opened: record.of("draw.revealed").length };
}

const KINDS = { beacon: signatureGiven, numbers: numbersWritten, ceremony: secretsJoined, draw: () => {} };

function sources(record) {
  record.sources.forEach((source, number) => {
    const entry = record.sourced(number);
    if (entry) KINDS[source.kind](record, source, entry, number);
  });
  const { values } = record;
  must(values.every((value) => value !== null) || !record.one("draw.drawn"), "source_lacks");
  must(record.of("draw.sourced").length === values.filter((value) => value !== null).length, "source_foreign");
  return { in: values.filter((v) => v !== null).length, fell: values.filter((v) => v === FELL).length, values };
}

function signatureGiven(record, source, { body }, number) {
  must(/^[0-9a-f]{64}$/.test(body.value) && /^[0-9a-f]{96}$/.test(body.proof), "beacon_value", { source: number });
}

function numbersWritten(record, source, { body }, number) {
  must(/^(?:(?:0|[1-9]\d*)\.)+$/.test(body.value), "numbers_form", { source: number });
  const numbers = body.value.slice(0, -1).split(".").map(BigInt);
  must(numbers.every((n, place) => place === 0 || numbers[place - 1] <= n), "numbers_form", { source: number });
}

/** All secrets or none; who is missing is named; nobody was cut off before the time. */
function secretsJoined(record, source, { at, body }) {
  const secrets = new Map(record.of("draw.revealed").map(({ by, body: said }) => [by, said.secret]));
  const sealed = record.of("draw.witnessed").map(({ by }) => by);
  const missing = sealed.filter((by) => !secrets.has(by));
  const whole = sealed.length > 0 && missing.length === 0;
  must(body.value === (whole ? sealed.map((by) => `${secrets.get(by)}.`).join("") : FELL), "ceremony_value");
  must(missing.length === body.missing.length && missing.every((by) => body.missing.includes(by)), "ceremony_missing");
  must(moment(at) >= moment(missing.length ? source.reveal_until : source.commit_until), "ceremony_early");
}

async function beacon(record) {
  const number = record.sources.findIndex((source) => source.kind === "beacon");
  const source = record.sources[number];
  const entry = record.sourced(number);
  if (!entry) throw new Unknown("not_out");
  const value = await beaconValue(record.chain(source).key, source.round, entry.body.proof);
  must(value === entry.body.value, "beacon_value", { source: number });
  return { round: source.round };
}

function chainKnown(record) {
  const { chain } = record.source("beacon");
  if (chain !== QUICKNET.hash) throw new Unknown("chain_foreign", { chain });
}

/** The other draw's key is recomputed from its own sources, which are checked like any. */
async function otherDraw(record) {
  const number = record.sources.findIndex((source) => source.kind === "draw");
  const other = record.other(record.sources[number]);
  announcement(other);
  times(other);
  if (other.source("ceremony")) witnesses(other);
  sources(other);
  if (other.source("beacon")) await beacon(other);
  const value = record.sourced(number)?.body.value;
  if (value === undefined) throw new Unknown("not_out");
  must(value === keyOf(other.id, other.body.pool_sha256, other.values), "other_key");
  return { draw: other.id };
}

function waiting() {
  throw new Unknown("waiting");
}

function key(record, found) {
  must(record.of("draw.drawn").length === 1, "drawn_twice");
  found.key = keyOf(record.id, record.body.pool_sha256, record.values);
  must(record.values.some((value) => value !== FELL), "no_source");
  must(found.key === record.one("draw.drawn").body.key, "key");
  return { key: found.key };
}

function lotsFall(record, found) {
  if (!found.pool || !found.key) throw new Unknown("earlier");
  const { body } = record;
  const every = body.algorithm === "sha256"
    ? lots(found.key, found.pool.tickets)
    : lotsRfc3797(record.values, found.pool.tickets);
  if (body.of === "inspectors") must(body.wanted === found.pool.possible, "wanted");
  const falls = drawn(every, body.wanted, found.pool.possible);
  found.lines = falls.map(({ line }) => line);
  const lines = found.lines.slice(0, SHOWN).map((line) => line + 1);
  return { drawn: falls.length, lines, falls: body.of === "target" ? falls.slice(0, SHOWN) : [] };
}

function opened(record, found) {
  if (!found.lines) throw new Unknown("earlier");
  const said = record.one("draw.drawn").body.drawn;
  const lines = record.body.of === "inspectors" ? called(record, found, new Set()).slice(0, TEAM) : found.lines;
  must(said.length === lines.length, "opened_count");
  said.forEach(([member, salt], place) => isOpened(found.pool, lines[place], member, salt, place));
  if (record.body.of === "inspectors") recusals(record, found, new Map(said.map(([m], at) => [m, lines[at]])));
  return { count: said.length, lines: lines.map((line) => line + 1) };
}

function isOpened(file, line, member, salt, place) {
  must(/^[0-9a-f]{32}$/.test(salt) && pseudonym(salt, member) === file.name(line), "opened", { place: place + 1 });
}

function called(record, found, recused) {
  const { place } = record.proof;
  if (!place) throw new Unknown("place");
  found.duties ??= Array.from(found.pool.tickets, (count, line) => (count ? duty(found.pool.notes[line], line) : null));
  return team(found.lines, found.duties, { ...place, recused });
}

function duty(note, line) {
  const said = parsed(note);
  must(said && Number.isInteger(said.burden) && said.burden >= 0, "pool_line", { line: line + 1 });
  must(Array.isArray(said.categories) && Array.isArray(said.districts), "pool_line", { line: line + 1 });
  return said;
}

/** Whoever stepped back was on the team, and the next in the drawn order moved up. */
function recusals(record, found, known) {
  const out = new Set();
  for (const { body } of record.of("inspector.recused")) {
    must(known.has(body.inspector), "recused_foreign");
    isOpened(found.pool, known.get(body.inspector), body.inspector, body.inspector_salt, TEAM - 1);
    const before = called(record, found, out).slice(0, TEAM);
    out.add(known.get(body.inspector));
    const next = called(record, found, out).slice(0, TEAM).find((line) => !before.includes(line));
    must(next !== undefined, "recused_next");
    isOpened(found.pool, next, body.replaced_by, body.salt, TEAM - 1);
    known.set(body.replaced_by, next);
  }
}

/** A void draw has no outcome, and was void for one of the reasons that the rule knows. */
function voided(record) {
  const { at, body } = record.one("draw.voided");
  must(!record.one("draw.drawn") && record.of("draw.voided").length === 1, "void_drawn");
  if (body.code === "operator") {
    must(moment(at) < record.firstOut() && !record.one("draw.witnessed"), "void_late");
  } else if (body.code === "no_source_left") {
    must(record.values.every((value) => value === FELL), "void_source");
  } else if (body.code === "with_the_draw_before") {
    const source = record.source("draw");
    must(source && record.other(source).one("draw.voided"), "void_source");
  } else throw new Problem("void_code", { code: body.code });
  return { code: body.code };
}
