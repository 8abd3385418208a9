// Checks a draw beside the page, so that the page stays alive. Asked with {url}, the address of the draw's JSON;
// answers with {step}, {progress} and at last {verdict}, or {trouble} when something could not be read.

import { check, Unreadable, verdict } from "./draw_check.js";
import { Pool } from "./draw_rule.js";

const REPORT_MILLISECONDS = 100;

addEventListener("message", ({ data }) => {
  run(data.url).catch(() => postMessage({ trouble: true }));
});

async function run(url) {
  const proof = await asked(url, (reply) => reply.json().catch(lost));
  const steps = [];
  const read = (notes) => asked(proof.pool_url, (reply) => readPool(reply, notes, proof));
  for await (const step of check(proof, read)) {
    steps.push(step);
    postMessage({ step });
  }
  postMessage({ verdict: verdict(steps) });
}

async function asked(url, take) {
  const reply = await fetch(url, { cache: "no-store" }).catch(lost);
  if (!reply.ok) lost();
  return take(reply);
}

function lost() {
  throw new Unreadable();
}

/** Reads the file in pieces and lets go of each, so that a million lines fit into a phone. */
async function readPool(reply, notes, proof) {
  const pool = new Pool({ notes });
  const { members = 0 } = JSON.parse(proof.announcement).body;
  const reader = reply.body.getReader();
  let reported = performance.now();
  for (;;) {
    const { done, value } = await reader.read().catch(lost);
    if (done) break;
    pool.push(value);
    if (performance.now() - reported > REPORT_MILLISECONDS) {
      reported = performance.now();
      postMessage({ progress: { done: pool.members, total: members } });
    }
  }
  return pool.end();
}
