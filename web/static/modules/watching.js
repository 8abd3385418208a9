// Counts a viewer honestly: a beat after ten seconds of real playback, then one for every fifteen more.

import { newKey } from "./net.js";

const FIRST_SECONDS = 10;
const EVERY_SECONDS = 15;

/** Watches a video element and tells `url` that somebody is really watching. */
export function countPlayback(video, url) {
  const session = newKey();
  let played = 0;
  let due = FIRST_SECONDS;
  let before = null;
  const tick = () => {
    if (before !== null && !video.paused && video.currentTime > before) played += 1;
    before = video.currentTime;
    if (played < due) return;
    due += EVERY_SECONDS;
    fetch(url, {
      method: "POST",
      body: JSON.stringify({ session }),
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      keepalive: true,
    }).catch(() => {}); // A lost beat is made good by the next one.
  };
  const timer = setInterval(tick, 1000);
  return () => clearInterval(timer);
}
