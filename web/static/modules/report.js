// The inspector's finding forms: what is published is kept until the server has acknowledged it, then forgotten.

import { clearProblem, showProblem } from "./forms.js";
import { backoff, newKey, post, Refused, showState } from "./net.js";
import { keep, remove, waiting } from "./outbox.js";
import { Photos } from "./photos.js";

const SEND_MILLISECONDS = 60000; // Four photos over a basement's network.

export class Reports {
  #sending = false;
  #photos = new Map();

  /** `onAir()` tells whether a broadcast runs; `published(finding)` is given what the server made of it. */
  constructor(root, { camera, onAir, published }) {
    Object.assign(this, { root, onAir, published, inspection: root.dataset.inspection });
    for (const form of root.querySelectorAll("[data-finding-form]")) {
      this.#photos.set(form, new Photos(form, camera));
      form.addEventListener("submit", (event) => this.#submit(event, form));
    }
    addEventListener("online", () => this.send());
    this.send();
  }

  async #submit(event, form) {
    event.preventDefault();
    if (form.ariaBusy === "true") return;
    form.ariaBusy = "true";
    clearProblem(form);
    const { item, result, severity, words } = Object.fromEntries(new FormData(form));
    const at = Date.now();
    const fields = { item, result, severity, words };
    if (this.onAir()) fields.media_at = new Date(at).toISOString();
    const key = newKey();
    const photos = await this.#photos.get(form).blobs();
    keep({ key, inspection: this.inspection, url: form.getAttribute("action"), fields, photos, at });
    this.send(); // It goes out while it is being written down here.
  }

  /** Sends what waits, oldest first, one at a time; the same key makes a repetition harmless. */
  async send() {
    if (this.#sending) return;
    this.#sending = true;
    for (let attempt = 0; ; ) {
      const list = await waiting(this.inspection);
      this.#count(list.length);
      if (!list.length) break;
      const done = await this.#sendOne(list[0]);
      attempt = done ? 0 : attempt + 1;
      if (!done) await backoff(attempt, 500, 10000);
    }
    this.#sending = false;
  }

  async #sendOne(finding) {
    const form = this.#form(finding.fields.item);
    if (form) showState(form, "sending");
    const body = new FormData();
    for (const [name, value] of Object.entries({ ...finding.fields, key: finding.key })) body.append(name, value);
    finding.photos.forEach((photo, place) => body.append("photo", photo, `photo-${place + 1}.jpg`));
    try {
      const { facts } = await post(finding.url, body, SEND_MILLISECONDS);
      await remove(finding.key);
      if (form) this.#acknowledge(form, facts);
      this.published(facts);
      return true;
    } catch (problem) {
      return this.#failed(finding, form, problem);
    }
  }

  /** A refusal goes back to the inspector; anything else is tried again. A 401 means: sign in elsewhere, then go on. */
  async #failed(finding, form, problem) {
    const final = problem instanceof Refused && !problem.passing && problem.status !== 401;
    if (form) showState(form, final ? "none" : "waiting");
    if (!final) return false;
    await remove(finding.key);
    if (!form) return true;
    form.ariaBusy = "false";
    form.closest("details").open = true;
    form.elements.words.value ||= finding.fields.words;
    showProblem(form, problem.message, problem.where);
    return true;
  }

  #acknowledge(form, { index }) {
    showState(form, "published");
    form.ariaBusy = "false";
    form.reset();
    this.#photos.get(form).clear();
    const link = form.querySelector("[data-published-link]");
    link.hidden = index === null || index === undefined;
    link.href = `/ledger/entries/${index}`;
    form.querySelector("[data-published-index]").textContent = index;
  }

  #form(item) {
    return this.root.querySelector(`[data-item="${CSS.escape(item)}"] [data-finding-form]`);
  }

  #count(many) {
    const note = this.root.querySelector("[data-outbox]");
    note.hidden = many === 0;
    note.querySelector("[data-outbox-count]").textContent = many;
  }
}
