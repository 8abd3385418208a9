// The ledger, live: an EventSource that is rebuilt when it gives up, and goes on after the last index it has seen.

import { backoff } from "./net.js";

const QUIET_SECONDS = 3; // A shorter gap is nobody's business.

/** Listens for ever. `heard` may have fact(fact), watching(count), tally(tally), lost() and found(). */
export function listen({ episode, from, heard }) {
  let last = Number(from);
  let attempt = 0;
  let source = null;
  let missing = null;

  const found = () => {
    attempt = 0;
    clearTimeout(missing);
    if (missing !== null) heard.found?.();
    missing = null;
  };
  const lost = () => {
    missing ??= setTimeout(() => heard.lost?.(), QUIET_SECONDS * 1000);
  };
  const open = () => {
    source?.close();
    source = new EventSource(`/events?episode=${encodeURIComponent(episode)}&from=${last}`);
    source.onopen = found;
    source.onerror = () => failed(source);
    source.addEventListener("fact", (event) => {
      const fact = JSON.parse(event.data);
      if (fact.index <= last) return;
      last = fact.index;
      heard.fact?.(fact);
    });
    source.addEventListener("watching", (event) => heard.watching?.(JSON.parse(event.data).watching));
    source.addEventListener("tally", (event) => heard.tally?.(JSON.parse(event.data)));
  };
  // A dropped connection is taken up again by the browser; an HTTP error (503 while the server restarts) is not.
  const failed = async (which) => {
    lost();
    if (which !== source || which.readyState !== EventSource.CLOSED) return;
    source = null;
    await backoff(attempt, 500, 5000);
    attempt += 1;
    if (source === null) open();
  };

  open();
  addEventListener("online", open);
  addEventListener("pageshow", (event) => event.persisted && open());
}
