// The photos chosen for one finding: from the phone's camera or from the live picture, made small enough to send.

const MAX_PHOTOS = 4;
const MAX_SIDE = 2048;

export class Photos {
  #chosen = [];

  constructor(form, camera) {
    this.input = form.querySelector("input[type=file]");
    this.list = form.querySelector("[data-chosen]");
    const grab = form.querySelector("[data-grab]");
    grab.hidden = !camera;
    grab.addEventListener("click", async () => this.#add(await camera.grab()));
    this.input.addEventListener("change", () => this.#take());
  }

  async blobs() {
    return [...this.#chosen];
  }

  clear() {
    this.#chosen = [];
    this.#draw();
  }

  async #take() {
    const files = [...this.input.files];
    this.input.value = "";
    for (const file of files) this.#add(await smaller(file));
  }

  #add(blob) {
    if (!blob || this.#chosen.length >= MAX_PHOTOS) return;
    this.#chosen.push(blob);
    this.#draw();
  }

  #draw() {
    for (const image of this.list.querySelectorAll("img")) URL.revokeObjectURL(image.src);
    this.list.replaceChildren(...this.#chosen.map((blob) => this.#thumb(blob)));
  }

  #thumb(blob) {
    const image = Object.assign(new Image(), { src: URL.createObjectURL(blob), alt: this.list.dataset.alt });
    const button = Object.assign(document.createElement("button"), { type: "button", title: this.list.dataset.remove });
    button.setAttribute("aria-label", this.list.dataset.remove);
    button.append(image);
    button.addEventListener("click", () => {
      this.#chosen = this.#chosen.filter((each) => each !== blob);
      this.#draw();
    });
    const entry = document.createElement("li");
    entry.append(button);
    return entry;
  }
}

/** A photo drawn anew: at most 2048 pixels a side, and without the place and device that cameras write into files. */
async function smaller(file) {
  try {
    const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [Math.round(bitmap.width * scale), Math.round(bitmap.height * scale)];
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    return await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85));
  } catch {
    return file; // The server decides about a format that this browser cannot draw.
  }
}
