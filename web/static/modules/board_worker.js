// Fetches a board and works through it away from the page, so that the page stays alive.

import { counted, digestOf, linesOf, rooted } from "./board.js";

onmessage = async ({ data: { url, code, rules } }) => {
  try {
    postMessage({ found: await checked(url, code, rules) });
  } catch (problem) {
    postMessage({ failed: String(problem) });
  }
};

async function checked(url, code, rules) {
  const bytes = await fetched(url);
  const digest = digestOf(bytes); // The browser hashes the file on another thread meanwhile.
  const ends = linesOf(bytes);
  if (ends === null) return { sha256: await digest, bytes: bytes.length, lines: -1 };
  const tree = rooted(bytes, ends, code, (done) => postMessage({ doing: "hashing", part: done / (2 * ends.length || 1) }));
  return { ...tree, count: counted(bytes, rules), sha256: await digest, bytes: bytes.length };
}

async function fetched(url) {
  const reply = await fetch(url);
  if (!reply.ok) throw new TypeError(`${url} ${reply.status}`);
  const whole = Number(reply.headers.get("Content-Length")) || 0;
  const parts = [];
  let length = 0;
  for (const reader = reply.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    length += value.length;
    postMessage({ doing: "fetching", part: whole ? Math.min(1, length / whole) : 0 });
  }
  const bytes = new Uint8Array(length);
  parts.reduce((at, part) => (bytes.set(part, at), at + part.length), 0);
  return bytes;
}
