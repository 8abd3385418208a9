// A draw's page: waits with everybody for the sources, performs the draw when they are in, checks it when asked.

import { countDown, secondsUntil, setClock } from "./countdown.js";
import { filled, verify } from "./draw_verify.js";
import { listen } from "./events.js";
import { pause } from "./net.js";
import { refreshParts } from "./parts.js";

const page = document.querySelector("[data-draw]");
const checking = page.querySelector("[data-verify]");
const start = checking.querySelector("[data-start]");
const words = checking.querySelector("[data-how-words]").content;
const { draw, json, episode, from, now } = page.dataset;
const MOST_ATTEMPTS = 3;
const FALL_MILLISECONDS = 1400; // Time to read a name.
const ALL_MILLISECONDS = 20000; // However many there are.
const MOST_CHECKING_MILLISECONDS = 15000; // A slow device names them all the same.
const MOST_MILLISECONDS = 2 ** 31 - 1;
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
let running = null;
let deadline = null;
let refreshing = null;
let performed = page.querySelector("[data-lot]") !== null; // A page that came late shows the outcome at once.

/** One check at a time; asked again while it runs, it is the same one. */
function check() {
  running ??= (async () => {
    start.disabled = true;
    const result = await verify(checking, json);
    start.disabled = false;
    running = null;
    return result;
  })();
  return running;
}

/** Names fall one by one, each when this device's own computation has come to it. */
async function perform() {
  const lots = [...page.querySelectorAll("[data-lot]")];
  for (const lot of lots) lot.hidden = true;
  const { steps = {} } = (await Promise.race([check(), pause(MOST_CHECKING_MILLISECONDS)])) ?? {};
  const each = Math.min(FALL_MILLISECONDS, ALL_MILLISECONDS / Math.max(lots.length, 1));
  for (const [place, lot] of lots.entries()) {
    await pause(calm ? each / 2 : each);
    tell(lot, place, steps);
    lot.classList.add("falling");
    lot.hidden = false;
  }
}

function tell(lot, place, { lots, opened }) {
  const fall = lots?.facts.falls?.[place];
  const line = opened?.facts.lines?.[place];
  const how = lot.querySelector("[data-how]");
  const parts = [];
  if (fall) parts.push(sentence("lot", { ticket: fall.ticket + 1, line: fall.line + 1 }));
  else if (line) parts.push(sentence("where", { line }));
  if (fall?.again) parts.push(sentence("again", { n: fall.again }));
  how.textContent = parts.join(" · ");
  how.hidden = parts.length === 0;
}

function sentence(name, facts) {
  return filled(words.querySelector(`[data-how="${name}"]`).textContent, facts);
}

async function heard({ subject, index }) {
  if (subject !== draw) return;
  await upTo(index);
  await performOnce();
}

/** Takes the page afresh until it shows what the ledger had at this place; many events in a row share one asking. */
async function upTo(index) {
  for (let attempt = 0; seen() < index && attempt < MOST_ATTEMPTS; attempt += 1) await refresh();
}

async function refresh() {
  refreshing ??= refreshParts(page, 100).finally(() => (refreshing = null));
  await refreshing;
  countDown();
  atDeadline();
}

function seen() {
  return Number(page.querySelector("[data-seen]").dataset.seen);
}

async function performOnce() {
  if (performed || !page.querySelector("[data-lot]")) return;
  performed = true;
  await perform();
}

/** No event tells that a deadline has passed: the page looks again when it has. */
function atDeadline() {
  clearTimeout(deadline);
  const time = page.querySelector(".draw-clock time");
  const left = time ? secondsUntil(time.dateTime) * 1000 : 0;
  if (left <= 0 || left > MOST_MILLISECONDS) return;
  deadline = setTimeout(async () => {
    await refresh();
    await performOnce();
  }, left + 500);
}

async function checkAndTell() {
  const { steps } = await check();
  for (const [place, lot] of [...page.querySelectorAll("[data-lot]")].entries()) tell(lot, place, steps);
}

setClock(now);
countDown();
start.disabled = false;
start.addEventListener("click", checkAndTell);
atDeadline();
listen({
  episode,
  from,
  heard: {
    fact: heard,
    lost: () => (page.querySelector("[data-offline]").hidden = false),
    found: () => (page.querySelector("[data-offline]").hidden = true),
  },
});
