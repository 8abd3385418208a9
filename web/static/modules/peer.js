// Steps of one WebRTC connection that publishing and monitoring share.

const GATHER_MILLISECONDS = 2000;
const CONNECT_MILLISECONDS = 10000;
const GRACE_MILLISECONDS = 3000;

/** Resolves when all candidates are in the offer, or after two seconds: we do not trickle. */
export function gathered(peer) {
  return new Promise((resolve) => {
    if (peer.iceGatheringState === "complete") return resolve();
    setTimeout(resolve, GATHER_MILLISECONDS);
    peer.addEventListener("icegatheringstatechange", () => peer.iceGatheringState === "complete" && resolve());
  });
}

/** Sends the offer, takes the answer; returns the address of the session. */
export async function exchange(peer, url, headers = {}) {
  await peer.setLocalDescription();
  await gathered(peer);
  const reply = await fetch(url, {
    method: "POST",
    body: peer.localDescription.sdp,
    headers: { "Content-Type": "application/sdp", Accept: "application/sdp, application/json", ...headers },
    signal: AbortSignal.timeout(CONNECT_MILLISECONDS),
  });
  if (!reply.ok) throw new Error(`${url} answered ${reply.status}`);
  await peer.setRemoteDescription({ type: "answer", sdp: await reply.text() });
  return new URL(reply.headers.get("Location") ?? url, reply.url).href;
}

/** Resolves when the connection stands, rejects when it does not within ten seconds. */
export function connected(peer) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("no connection in time")), CONNECT_MILLISECONDS);
    const look = () => {
      if (peer.connectionState === "connected") resolve(clearTimeout(timer));
      if (["failed", "closed"].includes(peer.connectionState)) reject(new Error(peer.connectionState));
    };
    peer.addEventListener("connectionstatechange", look);
    look();
  });
}

/** Resolves when a standing connection is lost: at once when it failed, after three seconds when it only hangs. */
export function lost(peer) {
  return new Promise((resolve) => {
    let timer = null;
    const look = () => {
      clearTimeout(timer);
      if (["failed", "closed"].includes(peer.connectionState)) resolve();
      if (peer.connectionState === "disconnected") timer = setTimeout(resolve, GRACE_MILLISECONDS);
    };
    peer.addEventListener("connectionstatechange", look);
    look();
  });
}

/** Bytes that came in so far; a server that is gone sends none. */
export async function received(peer) {
  let bytes = 0;
  for (const report of (await peer.getStats()).values()) {
    if (report.type === "transport" || report.type === "candidate-pair") bytes += report.bytesReceived ?? 0;
  }
  return bytes;
}
