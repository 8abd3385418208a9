// Forms that are sent with work done: the calculation runs when the form is sent, and its proof goes along.

import { prove } from "./citizen.js";
import { clearProblem, showProblem } from "./forms.js";
import { post, Refused } from "./net.js";

async function send(event) {
  const form = event.target;
  if (!form.matches("form[data-proven]")) return;
  event.preventDefault();
  if (form.ariaBusy === "true") return; // It is on its way already.
  form.ariaBusy = "true";
  clearProblem(form);
  const state = form.querySelector("[data-proving]");
  state.hidden = false;
  try {
    form.elements.proof.value = await prove(form.dataset.proven, (share) => progress(state, share));
    const { location: next } = await post(form.action, new URLSearchParams(new FormData(form)));
    location.assign(next);
  } catch (problem) {
    showProblem(form, problem instanceof Refused ? problem.message : "", problem.where);
    form.ariaBusy = "false";
  } finally {
    state.hidden = true;
  }
}

function progress(state, share) {
  if (Number.isFinite(share)) state.querySelector("progress").value = share;
}

document.addEventListener("submit", send);
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-proven]")) form.ariaBusy = "false";
});
