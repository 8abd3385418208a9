// Plain forms made kinder: sent once, and a refusal appears at the field it is about. Without this they still work.

import { post, Refused } from "./net.js";

/** Shows a refusal at the field it names, or below the form. */
export function showProblem(form, message, where) {
  clearProblem(form);
  const field = where && form.elements.namedItem(where);
  const place = field instanceof RadioNodeList ? field[0] : field;
  const note = form.querySelector(".form-error");
  note.textContent = message || document.body.dataset.noAnswer;
  note.hidden = false;
  if (!place || place.type === "hidden") {
    form.querySelector("button:not([type=button])").before(note);
    return note.scrollIntoView({ block: "nearest" });
  }
  note.id ||= `error-${where}-${Math.random().toString(36).slice(2)}`;
  place.setAttribute("aria-invalid", "true");
  place.setAttribute("aria-describedby", note.id);
  place.closest(".field, fieldset")?.append(note);
  place.focus();
}

export function clearProblem(form) {
  for (const field of form.querySelectorAll("[aria-invalid]")) {
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
  }
  const note = form.querySelector(".form-error");
  if (note) note.hidden = true;
}

async function send(event) {
  const form = event.target;
  if (!form.matches("form[data-form]")) return;
  event.preventDefault();
  if (form.ariaBusy === "true") return; // It is on its way already.
  form.ariaBusy = "true";
  clearProblem(form);
  try {
    const { location: next } = await post(form.action, new URLSearchParams(new FormData(form)));
    location.assign(next ?? location.href);
  } catch (problem) {
    showProblem(form, problem instanceof Refused ? problem.message : "", problem.where);
    form.ariaBusy = "false";
  }
}

document.addEventListener("submit", send);
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-form]")) form.ariaBusy = "false";
});
