// A WHIP publisher (RFC 9725) that does not give up: whatever breaks, it asks for a new token and publishes again.

import { backoff, pause, post } from "./net.js";
import { connected, exchange, lost, received } from "./peer.js";

const MAX_BITRATE = 1_500_000;
const MAX_FRAMERATE = 30;
const SILENT_MILLISECONDS = 2500;

export class Publisher {
  #peer = null;
  #session = null;
  #on = false;
  #suspect = () => {};

  /** `stream()` gives the camera's stream; `says(state)` hears off, connecting, live, lost; `refused(sentence)` a no. */
  constructor({ inspection, stream, says, refused }) {
    Object.assign(this, { inspection, stream, says, refused });
  }

  get on() {
    return this.#on;
  }

  /** Runs until stop(), or until the server says that this inspection takes no picture. */
  async start() {
    if (this.#on) return;
    this.#on = true;
    for (let attempt = 0, state = "connecting"; this.#on; state = "lost") {
      this.says(state);
      try {
        await this.#connect();
        attempt = 0;
        if (this.#on) this.says("live");
        await Promise.race([lost(this.#peer), this.#suspicion()]);
      } catch (problem) {
        if (problem.status && !problem.passing) this.#giveUp(problem);
      }
      this.#hangUp();
      if (this.#on) await backoff(attempt++, 500, 5000);
    }
    this.says("off");
  }

  #giveUp(problem) {
    this.#on = false;
    this.refused(problem.message);
  }

  /** Ends the broadcast as the inspector wishes. */
  async stop() {
    this.#on = false;
    const { url, token } = this.#session ?? {};
    this.#hangUp();
    if (!url) return;
    const headers = { Authorization: `Bearer ${token}` };
    await fetch(url, { method: "DELETE", headers, keepalive: true }).catch(() => {}); // The server notices by itself.
  }

  /** The server may have restarted: if nothing comes in for a moment, do not wait for ICE to notice. */
  async suspect() {
    const peer = this.#peer;
    if (!peer || peer.connectionState === "closed") return;
    const before = await received(peer);
    await pause(SILENT_MILLISECONDS);
    if (peer === this.#peer && (await received(peer)) === before) this.#suspect();
  }

  #suspicion() {
    return new Promise((resolve) => (this.#suspect = resolve));
  }

  /** Another camera or microphone in the same broadcast. */
  async replace(track) {
    const sender = this.#peer?.getSenders().find((each) => each.track?.kind === track.kind);
    await sender?.replaceTrack(track);
  }

  async #connect() {
    const { facts } = await post(`/inspections/${this.inspection}/token`);
    const peer = new RTCPeerConnection();
    this.#peer = peer;
    const stream = await this.stream();
    for (const track of stream.getTracks()) addTrack(peer, track, stream);
    const url = await exchange(peer, facts.whip_url, { Authorization: `Bearer ${facts.token}` });
    this.#session = { url, token: facts.token };
    await connected(peer);
  }

  #hangUp() {
    this.#peer?.close();
    this.#peer = null;
    this.#session = null;
    this.#suspect();
  }
}

function addTrack(peer, track, stream) {
  const video = track.kind === "video";
  const encoding = video ? { maxBitrate: MAX_BITRATE, maxFramerate: MAX_FRAMERATE } : { maxBitrate: 64_000 };
  const transceiver = peer.addTransceiver(track, { direction: "sendonly", streams: [stream], sendEncodings: [encoding] });
  if (video) preferH264(transceiver);
}

/** HLS needs H.264; baseline first, which every encoder and every phone has. */
function preferH264(transceiver) {
  const codecs = RTCRtpSender.getCapabilities?.("video")?.codecs ?? [];
  const rank = ({ mimeType, sdpFmtpLine = "" }) => {
    if (mimeType.toLowerCase() !== "video/h264") return 3;
    if (!sdpFmtpLine.includes("packetization-mode=1")) return 2;
    return /profile-level-id=42e0/i.test(sdpFmtpLine) ? 0 : 1;
  };
  const ordered = codecs.map((codec, place) => [rank(codec), place, codec]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  if (ordered.length) transceiver.setCodecPreferences(ordered.map(([, , codec]) => codec));
}
