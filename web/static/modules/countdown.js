// Time that is left, in every time[data-countdown]. The server's clock counts, whatever this device's says.

import { ago } from "./ago.js";

const CLOCK_SECONDS = 3600;
let ahead = 0;

/** `now` is what the server's clock said when the page was made. */
export function setClock(now) {
  ahead = Date.parse(now) - Date.now();
}

export function secondsUntil(moment) {
  return (Date.parse(moment) - Date.now() - ahead) / 1000;
}

/** "4:07" below an hour, "in 5 hours" beyond, nothing afterwards. */
function left(seconds) {
  if (seconds <= 0) return "";
  if (seconds >= CLOCK_SECONDS) return ago(seconds);
  const whole = Math.ceil(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

export function countDown(root = document) {
  for (const time of root.querySelectorAll("time[data-countdown]")) {
    time.textContent = left(secondsUntil(time.dateTime));
  }
}

setInterval(() => countDown(), 500);
