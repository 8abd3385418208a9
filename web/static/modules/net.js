// Waiting, asking and keys: what every module that talks to the server needs.

/** A pause that grows with each attempt, with some chance in it so that not everybody comes back at once. */
export function backoff(attempt, least, most) {
  const milliseconds = Math.min(most, least * 2 ** Math.min(attempt, 16));
  return pause(milliseconds * (0.75 + Math.random() / 2));
}

export function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** A key nobody else has; randomUUID only exists on https and localhost. */
export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What the server said no to: HTTP status, sentence, form field, name of the refusal, seconds to wait. */
export class Refused extends Error {
  constructor(status, message, where, kind = null, retryAfter = 0) {
    super(message);
    this.status = status;
    this.where = where;
    this.kind = kind;
    this.retryAfter = retryAfter;
  }

  /** Whether asking the same again later may help. */
  get passing() {
    return this.status >= 500 || this.status === 429 || this.status === 408;
  }
}

/** POST that wants JSON back: the facts, or Refused, or TypeError when nobody answers. */
export async function post(url, body, milliseconds = 15000) {
  const reply = await fetch(url, {
    method: "POST",
    body,
    headers: { Accept: "application/json" },
    credentials: "same-origin",
    signal: AbortSignal.timeout(milliseconds),
  });
  const text = await reply.text();
  const facts = parsed(text);
  if (!reply.ok) {
    const { message = "", where = null, kind = null } = facts?.error ?? {};
    throw new Refused(reply.status, message, where, kind, Number(reply.headers.get("Retry-After")) || 0);
  }
  return { facts, location: reply.headers.get("Location") };
}

function parsed(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

/** Shows the one word of several that says how things stand: elements with data-state inside `root`. */
export function showState(root, state) {
  for (const word of root.querySelectorAll("[data-state]")) word.hidden = word.dataset.state !== state;
}
