// Findings as they stand on a page: a thread of articles, newest first, and the checklist's results beside them.

import { fill, number } from "./fill.js";

/** Adds a finding once; returns whether it was new. */
export function addFinding(thread, facts) {
  if (document.getElementById(`finding-${facts.id}`)) return false;
  const article = fill(document.getElementById("finding-blank"), facts);
  Object.assign(article.dataset, { finding: facts.id, of: facts.item_code, came: facts.result });
  thread.prepend(article);
  document.querySelector("[data-no-findings]")?.setAttribute("hidden", "");
  setResult(facts.item_code, facts.result);
  return true;
}

/** Strikes a finding out; it stays. */
export function withdrawFinding({ id, withdrawn_reason: reason = "", item_code: item }) {
  const article = document.getElementById(`finding-${id}`);
  if (!article || article.classList.contains("is-withdrawn")) return;
  article.classList.add("is-withdrawn");
  article.querySelector(".finding-foot").before(fill(document.getElementById("withdrawn-blank"), { reason }));
  if (item) setResult(item, standing(item));
}

/** What an item comes to: its newest finding that was not withdrawn. */
function standing(item) {
  const line = itemLine(item);
  const left = line && document.querySelector(`[data-finding]:not(.is-withdrawn)[data-of="${CSS.escape(item)}"]`);
  return left?.dataset.came ?? null;
}

function itemLine(item) {
  return document.querySelector(`[data-item="${CSS.escape(item)}"]`);
}

/** Shows an item's result in the checklist. */
export function setResult(item, result) {
  for (const word of itemLine(item)?.querySelectorAll("[data-result]") ?? []) {
    word.hidden = word.dataset.result !== result;
  }
}

/** Counts the checklist anew: an item is checked when it has a result. */
export function recount(root) {
  const shown = [...root.querySelectorAll("[data-item] [data-result]:not([hidden])")].map((word) => word.dataset.result);
  const of = (result) => shown.filter((each) => each === result).length;
  const counts = { checked: shown.length - of("not_checked"), passed: of("pass"), failed: of("fail") };
  for (const [name, value] of Object.entries(counts)) setCount(root, name, value);
}

export function setCount(root, name, value) {
  const place = root.querySelector(`[data-count="${name}"]`);
  if (place) place.textContent = number.format(value);
}
