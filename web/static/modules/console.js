// The inspector's console: camera, broadcast and findings on one page that survives reloads and restarts.

import { Camera } from "./camera.js";
import { listen } from "./events.js";
import { number } from "./fill.js";
import { addFinding, withdrawFinding } from "./findings.js";
import { showState } from "./net.js";
import { Publisher } from "./publish.js";
import { Reports } from "./report.js";

const page = document.querySelector("[data-console]");
const find = (selector) => page.querySelector(selector);
const ON_AIR = `on-air:${page.dataset.inspection}`; // Remembered for this tab, so that a reload goes on broadcasting.
const box = find("[data-camera]");
let publisher = null;
let lock = null;

function prepare() {
  const camera = new Camera(find("[data-preview]"), find("[data-cameras]"), (track) => publisher?.replace(track));
  publisher = new Publisher({
    inspection: page.dataset.inspection,
    stream: () => camera.stream(),
    says: showOnAir,
    refused: (sentence) => {
      sessionStorage.removeItem(ON_AIR);
      showError("[data-camera-error]", sentence);
    },
  });
  find("[data-go-live]").addEventListener("click", () => goLive(camera));
  find("[data-stop]").addEventListener("click", stop);
  find("[data-mute]").addEventListener("click", (event) => mute(camera, event.currentTarget));
  preview(camera).then((ready) => ready && sessionStorage.getItem(ON_AIR) && goLive(camera));
  document.addEventListener("visibilitychange", () => !document.hidden && publisher.on && stayAwake());
  return camera;
}

async function preview(camera) {
  try {
    await camera.stream();
    find("[data-camera-refused]").hidden = true;
    return true;
  } catch {
    find("[data-camera-refused]").hidden = false;
    return false;
  }
}

function showError(selector, sentence) {
  const note = find(selector);
  note.textContent = sentence;
  note.hidden = !sentence;
}

async function goLive(camera) {
  showError("[data-camera-error]", "");
  if (!(await preview(camera))) return;
  sessionStorage.setItem(ON_AIR, "1");
  stayAwake();
  publisher.start();
}

async function stop() {
  sessionStorage.removeItem(ON_AIR);
  await publisher.stop();
  await lock?.release().catch(() => {});
}

function mute(camera, button) {
  const muted = button.ariaPressed !== "true";
  button.ariaPressed = String(muted);
  camera.mute(muted);
}

function showOnAir(state) {
  showState(box, state);
  find("[data-on-air]").dataset.onAir = state;
  find("[data-go-live]").hidden = state !== "off";
  for (const name of ["[data-stop]", "[data-mute]"]) find(name).hidden = state === "off";
}

/** A phone that falls asleep stops broadcasting. */
async function stayAwake() {
  lock = await navigator.wakeLock?.request("screen").catch(() => null);
}

/** What changes here without us: the start, the end, the cut. */
function moved(kind) {
  if (kind === "inspection.started" && box) find("[data-go-live]").disabled = false;
  if (kind === "inspection.started") find("[data-not-started]")?.remove();
  if (kind === "broadcast.cut" || kind === "inspection.concluded") stop();
}

const camera = box ? prepare() : null;
new Reports(page, {
  camera,
  onAir: () => publisher?.on ?? false,
  published: (finding) => addFinding(find("[data-findings]"), finding),
});
listen({
  episode: page.dataset.episode,
  from: page.dataset.from,
  heard: {
    fact: ({ kind, shown, index }) => {
      if (kind === "finding.published") addFinding(find("[data-findings]"), { index, ...shown });
      if (kind === "finding.withdrawn") withdrawFinding(shown);
      moved(kind);
    },
    watching: (count) => box && (find("[data-watching]").textContent = number.format(count)),
    lost: () => publisher?.suspect(),
    found: () => publisher?.suspect(),
  },
});
