// Work that a browser does before its request counts: the challenge is fetched, solved by ALTCHA's own worker, and proved.

import { post } from "./net.js";

const SOLVER = new URL("../vendor/altcha/sha.js", import.meta.url);
const MOST_WORKERS = 4;
const MOST_SECONDS = 120;

/** The proof for one purpose, such as `ballot:ba_x`. `report` is told how far it is: NaN while unknown, then 1. */
export async function prove(scope, report = () => {}) {
  report(NaN);
  const { facts } = await post("/citizen/challenge", new URLSearchParams({ scope }));
  const key = await solve(facts);
  report(1);
  const { data, expiresAt } = facts.parameters;
  return [data.bound, expiresAt, key, facts.signature].join(".");
}

/** The key, as hex, that begins as the challenge says; several workers share the numbers between them. */
async function solve(challenge) {
  const count = Math.max(1, Math.min(MOST_WORKERS, navigator.hardwareConcurrency || 1));
  const workers = Array.from({ length: count }, () => new Worker(SOLVER));
  try {
    const { derivedKey } = await Promise.any(workers.map((worker, n) => answer(worker, challenge, n, count)));
    return derivedKey;
  } finally {
    for (const worker of workers) worker.terminate();
  }
}

function answer(worker, challenge, counterStart, counterStep) {
  return new Promise((resolve, reject) => {
    worker.onerror = () => reject(new Error("the worker did not start"));
    worker.onmessage = ({ data }) => (data?.derivedKey ? resolve(data) : reject(new Error("no key was found")));
    worker.postMessage({ type: "work", challenge, counterStart, counterStep, timeout: MOST_SECONDS * 1000 });
  });
}
