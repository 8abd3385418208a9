// Fetches a board and works through it away from the page, so that the page stays alive.

import { Board, counted, digestOf } from "./board.js";

onmessage = async ({ data: { url, code, rules } }) => {
  try {
    const board = await fetched(url);
    postMessage({ found: await checked(board, code, rules) });
    const told = (done) => postMessage({ doing: "hashing", part: done / (2 * board.lines || 1) });
    postMessage({ root: board.whole ? board.root(told) : "" });
  } catch (problem) {
    postMessage({ failed: String(problem) });
  }
};

async function checked(board, code, rules) {
  const digest = digestOf(board.bytes); // The browser hashes the file on another thread meanwhile.
  if (!board.whole) return { sha256: await digest, lines: -1, count: { bad: board.lines + 1 }, index: -1 };
  return { ...board.found(code), count: counted(board.bytes, rules), sha256: await digest };
}

async function fetched(url) {
  const reply = await fetch(url);
  if (!reply.ok) throw new TypeError(`${url} ${reply.status}`);
  const whole = Number(reply.headers.get("Content-Length")) || 0;
  const board = new Board(whole);
  let length = 0;
  for (const reader = reply.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return board;
    board.push(value);
    length += value.length;
    postMessage({ doing: "fetching", part: whole ? Math.min(1, length / whole) : 0 });
  }
}
