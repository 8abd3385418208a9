// The picture: plays HLS, and comes back by itself from every error, a restarting server included.

import { backoff, pause, showState } from "./net.js";
import { countPlayback } from "./watching.js";

const CHECK_MILLISECONDS = 1000;
const STALLED_SECONDS = 4; // Say so.
const JUMP_SECONDS = 6; // Jump to the live edge, if there is anything new there.
const REBUILD_SECONDS = 12; // Start over, if the server has something that we do not play.
const PATIENT = { maxNumRetry: 20, retryDelayMs: 500, maxRetryDelayMs: 2000 }; // The picture stays while a server restarts.
const HLS_OPTIONS = {
  lowLatencyMode: false,
  preferManagedMediaSource: false,
  liveSyncDurationCount: 3,
  backBufferLength: 30,
  maxLiveSyncPlaybackRate: 1.1,
  manifestLoadPolicy: policy(null),
  playlistLoadPolicy: policy(PATIENT),
  fragLoadPolicy: policy({ ...PATIENT, maxNumRetry: 8 }),
};

function policy(retry) {
  return { default: { maxTimeToFirstByteMs: 8000, maxLoadTimeMs: 20000, timeoutRetry: retry, errorRetry: retry } };
}

export class Player {
  #hls = null;
  #generation = 0; // Every rebuild makes the callbacks of the picture before it void.
  #attempt = 0;
  #still = 0; // Seconds without a new picture.
  #last = -1;
  #wantsPause = false;
  #closed = false;

  constructor(figure) {
    this.figure = figure;
    this.video = figure.querySelector("video");
    this.src = figure.dataset.src;
    this.live = figure.dataset.playing === "live";
    this.#bindButtons();
    this.#build();
    countPlayback(this.video, figure.dataset.beat);
    this.timer = setInterval(() => this.#check(), CHECK_MILLISECONDS);
  }

  /** Ends the picture for good: it was cut or is over. */
  close(state = "ended") {
    this.#closed = true;
    clearInterval(this.timer);
    this.#drop();
    this.#say(state);
  }

  #say(state) {
    this.figure.dataset.now = state;
    showState(this.figure, state);
  }

  #drop() {
    this.#generation += 1;
    this.#hls?.destroy();
    this.#hls = null;
    this.video.removeAttribute("src");
    this.video.load();
  }

  async #build() {
    this.#drop();
    const mine = this.#generation;
    this.#still = 0;
    try {
      if (hasMediaSource()) await this.#buildHls(mine);
      else if (this.video.canPlayType("application/vnd.apple.mpegurl")) this.#buildNative(mine);
      else this.close("unsupported");
    } catch {
      this.#again(mine); // The library itself could not be fetched.
    }
  }

  async #buildHls(mine) {
    const query = this.#attempt ? `?again=${this.#attempt}` : ""; // Browsers remember a failed import by its address.
    const { default: Hls } = await import(this.figure.dataset.hls + query);
    if (mine !== this.#generation) return;
    const hls = new Hls(HLS_OPTIONS);
    let mended = false;
    hls.on(Hls.Events.MANIFEST_PARSED, () => this.#play());
    hls.on(Hls.Events.FRAG_BUFFERED, () => (this.#attempt = 0));
    hls.on(Hls.Events.ERROR, (_, error) => {
      if (!error.fatal || mine !== this.#generation) return;
      if (error.type === Hls.ErrorTypes.MEDIA_ERROR && !mended) {
        mended = true;
        hls.recoverMediaError();
        this.#play();
      } else this.#again(mine);
    });
    hls.loadSource(this.src);
    hls.attachMedia(this.video);
    this.#hls = hls;
  }

  #buildNative(mine) {
    this.video.addEventListener("error", () => this.#again(mine), { once: true });
    this.video.src = this.src;
    this.#play();
  }

  async #again(mine) {
    if (mine !== this.#generation || this.#closed) return;
    this.#drop();
    const now = this.#generation;
    this.#say(this.#last > 0 ? "interrupted" : "connecting");
    await backoff(this.#attempt, 500, 4000);
    this.#attempt += 1;
    if (now === this.#generation && !this.#closed) this.#build();
  }

  async #play() {
    if (this.#wantsPause) return;
    try {
      await this.video.play();
      this.#offer("[data-start]", false);
    } catch (problem) {
      if (problem.name === "NotAllowedError") this.#offer("[data-start]", true);
    }
  }

  #offer(selector, shown) {
    this.figure.querySelector(selector).hidden = !shown;
  }

  #bindButtons() {
    const { video, figure } = this;
    figure.querySelector("[data-start]").addEventListener("click", () => this.#play());
    figure.querySelector("[data-sound]").addEventListener("click", () => this.#sound());
    video.addEventListener("playing", () => this.#offer("[data-sound]", video.muted && !this.heard));
    video.addEventListener("volumechange", () => !video.muted && ((this.heard = true), this.#offer("[data-sound]", false)));
    // A pause counts as a wish only while somebody can see the page: phones pause what they put away.
    video.addEventListener("pause", () => (this.#wantsPause = !video.ended && video.readyState > 2 && !document.hidden));
    document.addEventListener("visibilitychange", () => !document.hidden && video.readyState > 2 && this.#play());
    video.addEventListener("play", () => (this.#wantsPause = false));
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  #sound() {
    this.video.muted = false;
    if (this.video.volume === 0) this.video.volume = 1;
    this.#play();
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, button, a, summary, video")) return;
    const keys = {
      " ": () => (this.video.paused ? this.#play() : this.video.pause()),
      m: () => (this.video.muted ? this.#sound() : (this.video.muted = true)),
      f: () => (document.fullscreenElement ? document.exitFullscreen() : this.video.requestFullscreen?.()),
    };
    if (!(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  }

  /** Once a second: does the picture move, and if not, what helps? */
  async #check() {
    const { video } = this;
    if (video.currentTime !== this.#last && video.readyState > 1) {
      this.#last = video.currentTime;
      this.#still = 0;
      return this.#say(this.live ? "live" : "replay");
    }
    if (this.#wantsPause || !video.getAttribute("src")) return;
    this.#still += CHECK_MILLISECONDS / 1000;
    if (video.ended && !this.live) return this.#say("ended");
    if (video.ended && this.#still % 4 === 1) return this.#compare();
    if (this.#still >= STALLED_SECONDS) this.#say(this.#last > 0 ? "interrupted" : "connecting");
    if (this.#still === JUMP_SECONDS) this.#jump();
    if (this.#still >= REBUILD_SECONDS && this.#still % REBUILD_SECONDS === 0) await this.#compare();
  }

  #jump() {
    const edge = this.#hls ? this.#hls.liveSyncPosition : lastEnd(this.video.seekable) - 4;
    if (edge && edge > this.video.currentTime + 1) this.video.currentTime = edge;
    this.#play();
  }

  /** Standing still is right while nothing new is published; when the playlist moves and we do not, start over. */
  async #compare() {
    const mine = this.#generation;
    const before = await this.#playlist();
    if (before?.includes("#EXT-X-ENDLIST") && this.video.ended) return this.#say("ended");
    await pause(3000);
    const after = await this.#playlist();
    if (mine === this.#generation && this.#still > 0 && after !== null && before !== after) this.#again(mine);
  }

  async #playlist() {
    try {
      const reply = await fetch(this.src, { cache: "no-store", signal: AbortSignal.timeout(4000) });
      return reply.ok ? await reply.text() : null;
    } catch {
      return null;
    }
  }
}

function hasMediaSource() {
  return "MediaSource" in window && MediaSource.isTypeSupported('video/mp4; codecs="avc1.42E01E,mp4a.40.2"');
}

function lastEnd(ranges) {
  return ranges.length ? ranges.end(ranges.length - 1) : 0;
}

export function startPlayers(root = document) {
  return [...root.querySelectorAll("[data-player]")].map((figure) => new Player(figure));
}
