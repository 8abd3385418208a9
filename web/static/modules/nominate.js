// Search as one types: the same results that the form brings without this, filled into the same list.

import { fill, number } from "./fill.js";
import { pause } from "./net.js";

const WAIT_MILLISECONDS = 250;

const form = document.querySelector("[data-find]");
const results = document.querySelector("[data-results]");
const total = document.querySelector("[data-total]");
const blank = document.querySelector("#candidate-blank");
let asking = new AbortController();

async function find() {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  await pause(WAIT_MILLISECONDS);
  const q = form.elements.q.value.trim();
  if (signal.aborted) return;
  try {
    const reply = q ? await fetch(`${form.dataset.find}?q=${encodeURIComponent(q)}`, { signal }) : null;
    if (reply && !reply.ok) return; // The list stays; the button still works.
    const found = reply ? await reply.json() : { results: [], total: 0 };
    results.replaceChildren(...found.results.map((facts) => fill(blank, facts)));
    total.querySelector("[data-count]").textContent = number.format(found.total);
    total.hidden = !q;
    history.replaceState(null, "", q ? `?q=${encodeURIComponent(q)}` : location.pathname);
  } catch {
    // Another letter came, or nobody answers; the button still works.
  }
}

form?.addEventListener("input", find);
