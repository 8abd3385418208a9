// The monitor: the camera's picture at once over WHEP, taken up again whenever it breaks.

import { backoff, showState } from "./net.js";
import { connected, exchange, lost } from "./peer.js";

async function watch(figure) {
  const video = figure.querySelector("video");
  for (let attempt = 0; ; attempt += 1) {
    const peer = new RTCPeerConnection();
    const stream = new MediaStream();
    for (const kind of ["video", "audio"]) peer.addTransceiver(kind, { direction: "recvonly" });
    peer.addEventListener("track", ({ track }) => stream.addTrack(track));
    try {
      await exchange(peer, figure.dataset.src);
      await connected(peer);
      video.srcObject = stream;
      video.play().catch(() => {}); // Muted video may always play; if not, the controls are there.
      showState(figure, "live");
      attempt = 0;
      await lost(peer);
    } catch {
      // No publisher yet, or the server restarts: the pause below, then again.
    }
    peer.close();
    showState(figure, "interrupted");
    await backoff(attempt, 500, 5000);
  }
}

for (const figure of document.querySelectorAll("[data-monitor]")) watch(figure);
