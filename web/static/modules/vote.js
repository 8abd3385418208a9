// Casting a vote: chosen, confirmed, sent under one key until it is answered, and a receipt to keep.

import { prove } from "./citizen.js";
import { newKey, pause, post, Refused, showState } from "./net.js";
import { download, forget, keep, kept, recalled, remember, shownCode } from "./receipts.js";

const page = document.querySelector("[data-ballot]");
const form = page.querySelector("form[data-vote]"); // Not there once the ballot is over.
const dialog = page.querySelector("[data-confirm]");
const receiptPart = page.querySelector("[data-receipt]");
const { ballot } = page.dataset;
const PENDING = `vote:${ballot}`;
const EXPIRED = new Set(["StaleWork", "OtherWork"]); // Of a form that waited, or a cookie that was renewed.
const LEAST_SECONDS = 2;
const MOST_SECONDS = 30;

// Choosing

function chosen() {
  return [...form.querySelectorAll("input[name=choices]:checked")].map((input) => input.value);
}

/** Beyond k the button stays shut, and the sentence says why; nothing is unchecked behind the voter's back. */
function recount() {
  const [count, most] = [chosen().length, Number(form.dataset.choose)];
  form.querySelector("[data-chosen]").textContent = String(count);
  form.querySelector("[data-too-many]").hidden = count <= most;
  form.querySelector("button[type=submit]").disabled = count === 0 || count > most;
}

function ask(event) {
  event.preventDefault();
  if (form.ariaBusy === "true") return;
  const names = new Set(chosen());
  for (const line of dialog.querySelectorAll("[data-option]")) line.hidden = !names.has(line.dataset.option);
  dialog.showModal();
}

// Sending

/** Sends what is pending until the server answers; the same key every time, so that it counts once. */
async function cast(pending) {
  busy(true);
  showRefusal("");
  for (let attempt = 0; ; attempt += 1) {
    try {
      pending.proof ??= await worked();
      say("sending");
      const { facts } = await post(form.action, new URLSearchParams(body(pending)));
      forget(PENDING);
      showReceipt(facts, keep(facts), "new");
      return;
    } catch (problem) {
      const wait = waitFor(problem, attempt);
      if (wait === null) {
        refused(problem, pending);
        return;
      }
      await countDown(wait);
      if (EXPIRED.has(problem.kind)) pending.proof = null;
    }
  }
}

function body({ choices, key, proof }) {
  return { choices: choices.join(","), key, proof };
}

async function worked() {
  say("working");
  const bar = form.querySelector('[data-state="working"] progress');
  return prove(`ballot:${ballot}`, (share) => Number.isFinite(share) && (bar.value = share));
}

/** Seconds to wait before the same is asked again; null where asking again is in vain. */
function waitFor(problem, attempt) {
  if (problem instanceof Refused && !problem.passing) {
    // Work that expired while the page waited is done again, once.
    return EXPIRED.has(problem.kind) && attempt === 0 ? 0 : null;
  }
  const asked = problem.retryAfter || LEAST_SECONDS * 2 ** Math.min(attempt, 4);
  return Math.min(MOST_SECONDS, asked) * (0.75 + Math.random() / 2);
}

async function countDown(seconds) {
  const until = performance.now() + seconds * 1000;
  say("waiting");
  for (let left = seconds; left > 0; left = (until - performance.now()) / 1000) {
    form.querySelector("[data-seconds]").textContent = String(Math.ceil(left));
    await pause(Math.min(1000, left * 1000));
  }
}

function busy(whether) {
  form.ariaBusy = String(whether);
  for (const element of form.elements) element.disabled = whether;
  if (!whether) recount();
}

function say(state) {
  showState(form.querySelector("[data-progress]"), state);
}

function refused(problem, pending) {
  say("");
  busy(false);
  forget(PENDING);
  showRefusal(problem instanceof Refused ? problem.message : "", problem);
  // Another tab of this browser may have the receipt of the vote that is final.
  const own = kept(ballot);
  if (own && own.code !== pending.code) showReceipt(own, true, "before");
}

function showRefusal(message, problem) {
  const note = form.querySelector(".form-error");
  note.textContent = message || (problem ? document.body.dataset.noAnswer : "");
  note.hidden = !note.textContent;
  if (problem) note.scrollIntoView({ block: "nearest" });
}

// The receipt

function showReceipt(receipt, isKept, when) {
  form?.setAttribute("hidden", "");
  receiptPart.hidden = false;
  receiptPart.querySelector("[data-code]").textContent = shownCode(receipt.code);
  for (const word of receiptPart.querySelectorAll("[data-voted]")) word.hidden = word.dataset.voted !== when;
  receiptPart.querySelector("[data-unkept]").hidden = isKept;
  const time = receiptPart.querySelector("time");
  time.dateTime = receipt.at;
  time.textContent = moment.format(new Date(receipt.at));
  const names = new Set(receipt.choices);
  for (const line of receiptPart.querySelectorAll("[data-option]")) line.hidden = !names.has(line.dataset.option);
  receiptPart.querySelector("[data-download]").onclick = () => download(receipt);
  receiptPart.querySelector("[data-copy]").onclick = () => copy(receipt.code);
  if (when === "new") receiptPart.focus();
}

const moment = new Intl.DateTimeFormat(document.documentElement.lang, {
  dateStyle: "medium",
  timeStyle: "medium",
  timeZone: "Asia/Shanghai",
});

/** Where the clipboard is closed to pages (plain http), the code is selected instead. */
async function copy(code) {
  try {
    await navigator.clipboard.writeText(code);
    receiptPart.querySelector("[data-copied]").hidden = false;
  } catch {
    getSelection().selectAllChildren(receiptPart.querySelector("[data-code]"));
  }
}

// Beginning

function begin() {
  form.addEventListener("change", recount);
  form.addEventListener("submit", ask);
  dialog.querySelector("[data-cast]").addEventListener("click", () => {
    dialog.close();
    const pending = { choices: chosen(), key: newKey() };
    remember(PENDING, pending); // Before anything is sent: a page that dies on the way asks again with the same key.
    cast(pending);
  });
  dialog.querySelector("[data-back]").addEventListener("click", () => dialog.close());
  const pending = recalled(PENDING);
  for (const input of form.querySelectorAll("input[name=choices]")) {
    input.disabled = false;
    if (pending?.choices.includes(input.value)) input.checked = true;
  }
  recount();
  if (pending) cast(pending);
}

const own = kept(ballot);
if (own) showReceipt(own, true, "before");
else if (form?.dataset.open !== undefined) begin();
addEventListener("storage", () => kept(ballot) && receiptPart.hidden && showReceipt(kept(ballot), true, "before"));
