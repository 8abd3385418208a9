// The inspector's camera: the preview, the choice of cameras, and a track that comes back when a call took it away.

const PICTURE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } };
const SOUND = { echoCancellation: true, noiseSuppression: true };

export class Camera {
  #stream = null;
  #muted = false;

  /** `changed(track)` is told of every new track, so that a running broadcast can take it. */
  constructor(video, select, changed) {
    Object.assign(this, { video, select, changed });
    select.addEventListener("change", () => this.open(select.value));
  }

  /** The stream, opened if it is not; throws what getUserMedia throws. */
  async stream() {
    const alive = this.#stream?.getTracks().every((track) => track.readyState === "live");
    return alive ? this.#stream : this.open(this.select.value);
  }

  /** Opens a camera; without a name the one on the phone's back. */
  async open(deviceId = "") {
    if (!navigator.mediaDevices) throw new DOMException("no camera without https", "NotAllowedError");
    for (const track of this.#stream?.getTracks() ?? []) track.stop(); // Phones open only one camera at a time.
    const which = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: { ideal: "environment" } };
    this.#stream = await navigator.mediaDevices.getUserMedia({ video: { ...PICTURE, ...which }, audio: SOUND });
    this.video.srcObject = this.#stream;
    this.mute(this.#muted);
    for (const track of this.#stream.getTracks()) {
      track.addEventListener("ended", () => this.open(this.select.value).catch(() => {}));
      this.changed(track);
    }
    await this.#list();
    return this.#stream;
  }

  mute(muted) {
    this.#muted = muted;
    for (const track of this.#stream?.getAudioTracks() ?? []) track.enabled = !muted;
  }

  /** The picture at this moment as a JPEG. */
  grab() {
    const { video } = this;
    if (!video.videoWidth) return Promise.resolve(null);
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d").drawImage(video, 0, 0);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.88));
  }

  async #list() {
    const cameras = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "videoinput");
    const current = this.#stream.getVideoTracks()[0]?.getSettings().deviceId;
    this.select.replaceChildren(...cameras.map(({ deviceId, label }, place) => new Option(label || `${place + 1}`, deviceId)));
    this.select.value = current ?? "";
    this.select.hidden = cameras.length < 2;
  }
}
