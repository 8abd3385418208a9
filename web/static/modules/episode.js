// An episode's page: what happens appears by itself, beside the picture.

import { listen } from "./events.js";
import { fill } from "./fill.js";
import { addFinding, recount, setCount, withdrawFinding } from "./findings.js";
import { backoff, pause } from "./net.js";
import { Player, startPlayers } from "./player.js";

const page = document.querySelector("[data-episode]");
const thread = page.querySelector("[data-findings]");
let [player] = startPlayers(page);
let looking = false;
let refreshing = false;

/** What changes parts of the page that no event draws by itself: the team, the draws, the checklist, the result. */
const REFRESHING = new Set([
  "ballot.opened",
  "ballot.closed",
  "ballot.voided",
  "draw.announced",
  "draw.witnessed",
  "draw.revealed",
  "draw.sourced",
  "draw.drawn",
  "draw.voided",
  "inspector.recused",
  "inspection.planned",
  "inspection.started",
  "inspection.concluded",
  "episode.moved",
  "episode.held",
  "episode.resumed",
  "episode.replanned",
  "broadcast.cut",
]);

const ON_FACT = {
  "finding.published": (shown) => addFinding(thread, shown) && recount(page),
  "finding.withdrawn": (shown) => {
    withdrawFinding(shown);
    recount(page);
  },
  "rectification.ordered": showRectification,
  "rectification.moved": showRectification,
  "episode.moved": showPhase,
  "broadcast.started": showPicture,
  "broadcast.resumed": showPicture,
  "broadcast.cut": () => player?.close("cut"),
};

function showRectification(shown) {
  const card = fill(document.getElementById("rectification-blank"), shown);
  card.dataset.rectification = shown.id;
  const before = page.querySelector(`[data-rectification="${CSS.escape(shown.id)}"]`);
  if (before) before.replaceWith(card);
  else page.querySelector("[data-rectifications]").prepend(card);
  page.querySelector("[data-rectifications-section]").hidden = false;
}

function showPhase(shown) {
  page.dataset.phase = shown.phase;
  for (const word of page.querySelectorAll("[data-phase-word]")) word.hidden = word.dataset.phaseWord !== shown.phase;
  if (shown.phase === "live") showPicture();
}

/** Puts the player in its place as soon as the server names a picture. All viewers ask, so not all at once. */
async function showPicture() {
  if (player || looking) return;
  looking = true;
  await pause(Math.random() * 2000);
  for (let attempt = 0; !player; attempt += 1) {
    const facts = await currentFacts();
    if (facts?.cut) break;
    if (facts?.hls_url) place(facts.hls_url, facts.playing);
    else await backoff(attempt, 2000, 15000);
  }
  looking = false;
}

/** Takes the parts of the page afresh from the server. All viewers ask, so not all at once, and once for many facts. */
async function refresh() {
  if (refreshing) return;
  refreshing = true;
  await pause(500 + Math.random() * 1500);
  refreshing = false;
  try {
    const reply = await fetch(location.href, { cache: "no-store", headers: { Accept: "text/html" } });
    if (!reply.ok) return;
    const fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
    for (const part of page.querySelectorAll("[data-part]")) {
      const other = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
      if (other) part.replaceWith(document.adoptNode(other));
    }
  } catch {
    // The next fact, or the next load, brings it.
  }
}

async function currentFacts() {
  try {
    const reply = await fetch(page.dataset.json, { cache: "no-store" });
    return reply.ok ? await reply.json() : null;
  } catch {
    return null;
  }
}

function place(url, playing) {
  const figure = document.getElementById("player-blank").content.firstElementChild.cloneNode(true);
  figure.dataset.src = url;
  figure.dataset.playing = playing ?? "live";
  page.querySelector("[data-player-place]").replaceChildren(figure);
  player = new Player(figure);
}

listen({
  episode: page.dataset.episode,
  from: page.dataset.from,
  heard: {
    fact: ({ kind, shown, index }) => {
      ON_FACT[kind]?.({ index, ...shown });
      if (REFRESHING.has(kind)) refresh();
    },
    watching: (count) => setCount(page, "watching", count),
    lost: () => (page.querySelector("[data-offline]").hidden = false),
    found: () => (page.querySelector("[data-offline]").hidden = true),
  },
});
