// A ballot's page while it is open: the time that is left, the running tally, and what became of it.

import { ago } from "./ago.js";
import { listen } from "./events.js";
import { number } from "./fill.js";
import { refreshParts } from "./parts.js";

const page = document.querySelector("[data-ballot]");
const { ballot, episode, from } = page.dataset;
const CHANGES = new Set(["ballot.closed", "ballot.voided", "ballot.opened"]);
const QUIET_MILLISECONDS = 20000;
const MOST_MILLISECONDS = 2 ** 31 - 1;

/** The newest count of every option; bars are all drawn to the same length, that of the fullest. */
function showTally({ ballot: which, counts, votes }) {
  if (which !== ballot) return;
  const most = Math.max(1, ...Object.values(counts));
  for (const line of page.querySelectorAll("[data-tally-of]")) {
    const count = counts[line.dataset.tallyOf] ?? 0;
    line.querySelector("[data-count]").textContent = number.format(count);
    Object.assign(line.querySelector("meter"), { max: most, value: count });
  }
  for (const place of page.querySelectorAll("[data-votes]")) place.textContent = number.format(votes);
}

// A form that somebody is filling in is not taken away: the moment of opening or closing loads what is around it.
function atMoment(moment, work) {
  const left = Date.parse(moment) - Date.now();
  if (left > 0 && left < MOST_MILLISECONDS) setTimeout(work, left);
}

function countDown() {
  for (const time of page.querySelectorAll("time[data-countdown]")) {
    time.textContent = ago((Date.parse(time.dateTime) - Date.now()) / 1000);
  }
}

for (const time of page.querySelectorAll("time[data-turn]")) {
  atMoment(time.dateTime, () => (time.dataset.turn === "opens" ? location.reload() : refreshParts(page)));
}
countDown();
setInterval(countDown, 1000);
listen({
  episode,
  from,
  heard: {
    tally: showTally,
    fact: ({ kind, subject }) => CHANGES.has(kind) && subject === ballot && refreshParts(page, 200),
    lost: () => (page.querySelector("[data-offline]").hidden = false),
    found: () => (page.querySelector("[data-offline]").hidden = true),
  },
});

// Counting takes a moment and ends with an event; a page that missed it asks by itself.
setInterval(() => page.querySelector('[data-standing="counting"]') && refreshParts(page), QUIET_MILLISECONDS);
