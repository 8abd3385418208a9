// Findings that wait to be acknowledged. They are kept in the browser's database, photos included, across reloads.

const NAME = "findings";
const memory = new Map(); // What this page knows; where a browser keeps nothing (private windows), that is all there is.

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("seethrough", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(NAME, { keyPath: "key" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function work(mode, ask) {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(NAME, mode);
      const request = ask(transaction.objectStore(NAME));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

const loaded = work("readonly", (store) => store.getAll())
  .then((kept) => kept.forEach((finding) => memory.has(finding.key) || memory.set(finding.key, finding)))
  .catch(() => {});

/** Keeps a finding {key, inspection, url, fields, photos, at} until it is removed. */
export async function keep(finding) {
  memory.set(finding.key, finding);
  await work("readwrite", (store) => store.put(finding)).catch(() => {});
}

export async function remove(key) {
  memory.delete(key);
  await work("readwrite", (store) => store.delete(key)).catch(() => {});
}

/** What still waits for an inspection, oldest first. */
export async function waiting(inspection) {
  await loaded;
  return [...memory.values()].filter((finding) => finding.inspection === inspection).sort((a, b) => a.at - b.at);
}
