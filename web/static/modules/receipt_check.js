// A receipt, checked in the voter's own browser: each step on its line, good, bad or left out, never only a total.

import { isTieBreak } from "./board.js";
import { currentCheckpoint, provenEntry, sameAsBefore, Unproven } from "./ledger_check.js";
import { isPromised, isWhole, kept, readReceipt, shownCode } from "./receipts.js";

const page = document.querySelector("[data-receipt-check]");
const form = page.querySelector("form");
const { ballot, board, opened, closed } = page.dataset;

/** The lines of the check in their order; what one leaves behind, the next ones use. */
const STEPS = [
  ["ledger", async (got) => (got.checkpoint = await currentCheckpoint()) && null],
  ["history", async (got) => sameAsBefore(got.checkpoint)],
  ["rules", rulesOf],
  ["promise", promised],
  ["entry", async (got) => (got.result = await bodyOf(closed, "ballot.closed", got)) && null],
  ["file", async (got) => fits((got.found = await got.working).sha256 === got.result.board_sha256)],
  ["line", async (got) => fits(got.found.index >= 0 && isLine(got))],
  ["count", async ({ found, result }) => fits(found.lines === result.votes && sameCount(found.count, result))],
  ["root", async ({ rooting, result }) => fits((await rooting) === result.root)],
];
/** The digest of the file binds every line already; the tree over them takes longest, and need not be waited for. */
const LAST = "root";
/** Before the closing, the page has lines for some of them only. */
const steps = STEPS.filter(([name]) => page.querySelector(`[data-step="${name}"]`));

function fits(whether) {
  if (!whether) throw new Unproven("here");
  return null;
}

async function bodyOf(index, kind, { checkpoint }) {
  const { fact } = await provenEntry(Number(index), checkpoint);
  fits(fact.kind === kind && fact.subject === ballot);
  return fact.body;
}

/** With the rules known, the board's worker begins; what comes next meanwhile is asked beside it. */
async function rulesOf(got) {
  got.rules = await bodyOf(opened, "ballot.opened", got);
  if (board) Object.assign(got, worked(got));
  for (const waited of [got.working, got.rooting]) waited?.catch(() => {}); // Each may fail in a step of its own.
  return fits(isTieBreak(ballot, got.rules));
}

async function promised({ receipt, checkpoint }) {
  if (!isWhole(receipt)) return "absent"; // A code alone carries no promise.
  return fits(receipt.ballot === ballot && (await isPromised(receipt, checkpoint.key.key)));
}

/** The board's line says exactly what the receipt says, as far as the receipt says it. */
function isLine({ found, receipt }) {
  const [code, tier, choices] = found.line.split(" ");
  if (code !== receipt.code) return false;
  return !isWhole(receipt) || (tier === receipt.tier && choices === receipt.choices.join(","));
}

function sameCount({ bad, raw, counted, result }, published) {
  if (bad) return false;
  const tiers = Object.keys(raw).every((tier) => raw[tier] === (published.raw[tier] ?? 0));
  const options = Object.keys(counted).every((option) => counted[option] === (published.counted[option] ?? 0));
  return tiers && options && result.join() === published.result.join();
}

/** The board, fetched and worked through beside the page: what stands in it first, the root of its tree later. */
function worked({ receipt, rules }) {
  const worker = new Worker(new URL("./board_worker.js", import.meta.url), { type: "module" });
  const said = (name) =>
    new Promise((resolve, reject) => {
      worker.addEventListener("message", ({ data }) => {
        if (data.failed) reject(new TypeError(data.failed));
        else if (name in data) resolve(data[name]);
      });
      worker.addEventListener("error", (event) => reject(new TypeError(event.message)));
    });
  const [working, rooting] = [said("found"), said("root").finally(() => worker.terminate())];
  worker.addEventListener("message", ({ data }) => data.doing && showProgress(data));
  worker.postMessage({ url: board, code: receipt.code, rules });
  return { working, rooting };
}

function showProgress({ doing, part }) {
  const line = page.querySelector(`[data-step="${doing === "hashing" ? LAST : "file"}"]`);
  for (const word of line.querySelectorAll("[data-doing]")) word.hidden = word.dataset.doing !== doing;
  line.querySelector("progress").value = part;
}

async function check(receipt) {
  const got = { receipt };
  const came = {};
  begin(receipt);
  for (const [name, work] of steps) {
    if (name === LAST) judge(verdictOf(came), got);
    came[name] = await step(name, () => work(got));
    if (came[name] === "away" || (came[name] === "bad" && !MAY_GO_ON.has(name))) break;
  }
  judge(verdictOf(came), got);
  form.ariaBusy = "false";
  page.dataset.outcome = verdictOf(came);
}

/** Where one of these is wrong, the others still say something. */
const MAY_GO_ON = new Set(["history", "promise", "file", "line", "count"]);

/** `broken`: the voter holds a signed promise, and the board that was published lacks what it promises. */
function verdictOf(came) {
  const all = Object.values(came);
  if (came.line === "bad" && came.promise === "good") return "broken";
  if (all.includes("bad")) return "bad";
  if (all.includes("away")) return "away";
  if (closed) return "good";
  return came.promise === "good" ? "promised" : "later";
}

async function step(name, work) {
  show(name, "running");
  try {
    const came = (await work()) ?? "good";
    show(name, came);
    return came;
  } catch (problem) {
    // Nobody answering proves nothing, neither good nor bad.
    const came = problem instanceof TypeError && !(problem instanceof Unproven) ? "away" : "bad";
    show(name, came);
    return came;
  }
}

function show(name, state) {
  const line = page.querySelector(`[data-step="${name}"]`);
  line.dataset.state = state;
  for (const word of line.querySelectorAll("[data-when]")) word.hidden = !word.dataset.when.split(" ").includes(state);
}

function begin(receipt) {
  form.ariaBusy = "true";
  page.querySelector("[data-unread]").hidden = true;
  page.querySelector("[data-steps]").hidden = false;
  page.querySelector("[data-code]").textContent = shownCode(receipt.code);
  for (const [name] of steps) show(name, "waiting");
  for (const verdict of page.querySelectorAll("[data-verdict]")) verdict.hidden = true;
  delete page.dataset.milliseconds;
  delete page.dataset.outcome;
  began = performance.now();
}

let began = 0;

function judge(outcome, { found }) {
  page.dataset.milliseconds ??= Math.round(performance.now() - began);
  if (found?.line) showChoices(found.line.split(" "));
  for (const verdict of page.querySelectorAll("[data-verdict]")) verdict.hidden = verdict.dataset.verdict !== outcome;
  page.querySelector(`[data-verdict="${outcome}"]`).scrollIntoView({ block: "nearest" });
}

function showChoices([, tier, choices]) {
  const chosen = new Set(choices.split(","));
  for (const name of page.querySelectorAll("[data-option]")) name.hidden = !chosen.has(name.dataset.option);
  for (const word of page.querySelectorAll("[data-tier]")) word.hidden = word.dataset.tier !== tier;
  page.querySelector("[data-choices]").hidden = false;
}

function refuse() {
  page.querySelector("[data-unread]").hidden = false;
  form.elements.receipt.focus();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (form.ariaBusy === "true") return;
  const receipt = readReceipt(form.elements.receipt.value.trim());
  if (receipt) check(receipt);
  else refuse();
});

form.elements.file?.addEventListener("change", async ({ target }) => {
  form.elements.receipt.value = (await target.files[0]?.text()) ?? "";
  form.requestSubmit();
});

const own = kept(ballot);
if (own) {
  const use = page.querySelector("[data-use-kept]");
  use.hidden = false;
  use.addEventListener("click", () => {
    form.elements.receipt.value = JSON.stringify(own, null, 2);
    form.requestSubmit();
  });
}
form.querySelector("button[type=submit]").disabled = false;
