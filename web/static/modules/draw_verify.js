// Shows a draw being checked: each step is a line that turns green or red, in plain words that the page brought along.

import { number } from "./fill.js";

/** Runs the check in a worker and shows it below `root`; the steps by name, and the verdict. */
export function verify(root, url) {
  const worker = new Worker(new URL("./draw_worker.js", import.meta.url), { type: "module" });
  const steps = {};
  reset(root);
  return new Promise((resolve) => {
    const end = (verdict) => {
      worker.terminate();
      show(root, "[data-verdict]", ({ verdict: name }) => name === verdict);
      root.querySelector("[data-progress]").hidden = true;
      resolve({ verdict, steps });
    };
    worker.onerror = () => end("trouble");
    worker.onmessage = ({ data }) => {
      if (data.progress) showProgress(root, data.progress);
      if (data.step) {
        steps[data.step.step] = data.step;
        showStep(root, data.step);
      }
      if (data.verdict || data.trouble) end(data.verdict ?? "trouble");
    };
    worker.postMessage({ url: new URL(url, location.href).href });
  });
}

function reset(root) {
  show(root, "[data-verdict]", () => false);
  show(root, "[data-step]", () => false);
  root.querySelector("[data-steps]").hidden = false;
}

function show(root, selector, wanted) {
  for (const element of root.querySelectorAll(selector)) element.hidden = !wanted(element.dataset);
}

function showProgress(root, { done, total }) {
  const line = root.querySelector("[data-progress]");
  line.hidden = false;
  line.querySelector("[data-done]").textContent = number.format(done);
  Object.assign(line.querySelector("progress"), { max: Math.max(total, 1), value: done });
}

function showStep(root, { step, state, problem, facts }) {
  const line = root.querySelector(`[data-step="${CSS.escape(step)}"]`);
  if (step === "pool") root.querySelector("[data-progress]").hidden = true;
  if (!line) return;
  line.hidden = false;
  line.dataset.state = state;
  show(line, "[data-when]", ({ when }) => when === state);
  const detail = line.querySelector("[data-detail]");
  detail.textContent = problem ? said(root, problem) : filled(line.dataset.passed, facts);
  detail.hidden = detail.textContent === "";
}

function said(root, problem) {
  const words = root.querySelector("[data-problems]").content;
  return words.querySelector(`[data-problem="${CSS.escape(problem)}"]`)?.textContent ?? problem;
}

/** Words with {names} in them, filled with facts. */
export function filled(words, facts) {
  return words.replace(/{(\w+)}/g, (_, name) => written(facts[name]));
}

function written(value) {
  if (Array.isArray(value)) return value.map(written).join(", ");
  return typeof value === "number" ? number.format(value) : (value ?? "");
}
