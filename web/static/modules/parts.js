// Takes parts of a page afresh from the server: the elements with data-part, by name.

import { pause } from "./net.js";

let waiting = false;

/** All viewers ask, so not all at once, and once for several causes in a row. */
export async function refreshParts(root, least = 500) {
  if (waiting) return;
  waiting = true;
  await pause(least + Math.random() * 1500);
  waiting = false;
  try {
    const reply = await fetch(location.href, { cache: "no-store", headers: { Accept: "text/html" } });
    if (!reply.ok) return;
    const fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
    for (const part of root.querySelectorAll("[data-part]")) {
      const other = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
      if (other) part.replaceWith(document.adoptNode(other));
    }
  } catch {
    // The next cause, or the next load, brings it.
  }
}
