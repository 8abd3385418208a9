// A deputy's secret: made here, kept here, sealed now and opened later. The server sees it only when it is opened.

import { countDown, secondsUntil, setClock } from "./countdown.js";
import { commitment } from "./draw_rule.js";
import { listen } from "./events.js";
import { post, Refused } from "./net.js";
import { refreshParts } from "./parts.js";

const page = document.querySelector("[data-witness]");
const { witness: draw, mark, commitUntil, revealUntil, episode, from, now } = page.dataset;
const place = `witness-secret-${draw}-${mark}`;
const SECRET_BYTES = 32;
let memory = null; // Where the browser keeps nothing.
let { step, commitment: sealed } = page.dataset;

const kept = {
  get() {
    try {
      return localStorage.getItem(place) ?? memory;
    } catch {
      return memory;
    }
  },
  /** Whether it will still be there after the page is closed. */
  put(secret) {
    memory = secret;
    try {
      localStorage.setItem(place, secret);
      navigator.storage?.persist?.();
      return localStorage.getItem(place) === secret;
    } catch {
      return false;
    }
  },
};

function isMine(secret) {
  return /^[0-9a-f]{64}$/.test(secret ?? "") && (!sealed || commitment(draw, mark, secret) === sealed);
}

function show() {
  if (step === "wait" && secondsUntil(commitUntil) <= 0) step = "open";
  if (step === "seal" && secondsUntil(commitUntil) <= 0) step = "late";
  if (step === "open" && secondsUntil(revealUntil) < 0) step = "missed";
  const mine = isMine(kept.get());
  const busy = page.ariaBusy === "true";
  for (const section of page.querySelectorAll("[data-shown]")) section.hidden = section.dataset.shown !== step;
  page.querySelector('[data-do="seal"]').disabled = busy;
  page.querySelector('[data-do="open"]').disabled = busy || !mine;
  page.querySelector("[data-kept]").hidden = !(mine && sealed && ["wait", "open"].includes(step));
  page.querySelector("[data-lost]").hidden = !(!mine && sealed && ["wait", "open"].includes(step));
  page.querySelector("[data-secret]").textContent = mine ? kept.get() : "";
}

/** Kept before it is sealed: what was sealed and forgotten could never be opened. */
async function seal() {
  const secret = isMine(kept.get()) ? kept.get() : fresh();
  page.querySelector("[data-unkept]").hidden = kept.put(secret);
  const said = commitment(draw, mark, secret);
  await post(`/draws/${encodeURIComponent(draw)}/commitments`, new URLSearchParams({ commitment: said }));
  sealed = said;
  step = "wait";
}

function fresh() {
  const random = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function open() {
  await post(`/draws/${encodeURIComponent(draw)}/reveals`, new URLSearchParams({ secret: kept.get() }));
  step = "done";
}

async function copy() {
  await navigator.clipboard.writeText(kept.get());
  page.querySelector("[data-copied]").hidden = false;
}

const DEEDS = { seal, open, copy };

async function act(name) {
  const note = page.querySelector(`[data-shown="${step}"] [data-error]`);
  if (note) note.hidden = true;
  page.ariaBusy = "true";
  show();
  try {
    await DEEDS[name]();
  } catch (problem) {
    if (!note) return;
    // Too late, or done already although the answer was lost: the page as it is now says which.
    if (problem.status === 409) return void location.reload();
    note.textContent = problem instanceof Refused ? problem.message : document.body.dataset.noAnswer;
    note.hidden = false;
  } finally {
    page.ariaBusy = "false";
    show();
  }
}

function bring(event) {
  event.preventDefault();
  const secret = event.target.elements.secret.value.replace(/\s/g, "").toLowerCase();
  const mine = isMine(secret);
  event.target.querySelector("[data-foreign]").hidden = mine;
  if (mine) page.querySelector("[data-unkept]").hidden = kept.put(secret);
  show();
}

setClock(now);
countDown();
page.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-do]");
  if (button) act(button.dataset.do);
});
page.querySelector("[data-bring]").addEventListener("submit", bring);
show();
setInterval(show, 500);
listen({ episode, from, heard: { fact: ({ subject }) => subject === draw && refreshParts(page) } });
