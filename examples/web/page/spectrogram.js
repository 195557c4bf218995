// The log-mel columns as a picture that grows to the right, and is compressed when it is full.

/** Decibels from the loudest value so far down to black. */
const RANGE_DB = 80;
const STEPS_PER_DB = 128;

/** From black over violet and orange to white: brightness rises all the way, so that it reads without colour. */
const STOPS = [[11, 7, 23], [66, 22, 96], [158, 42, 99], [229, 92, 48], [250, 177, 58], [255, 253, 214]];

/** The pixel for each of 256 levels, as in ImageData: red in the lowest byte. */
const PALETTE = Uint32Array.from({ length: 256 }, (_, level) => {
  const at = (level / 255) * (STOPS.length - 1);
  const from = Math.min(Math.floor(at), STOPS.length - 2);
  const mixed = STOPS[from].map((value, i) => Math.round(value + (at - from) * (STOPS[from + 1][i] - value)));
  return (0xff000000 | (mixed[2] << 16) | (mixed[1] << 8) | mixed[0]) >>> 0;
});

/** Columns that fill the picture at first: half a minute. */
const SHORTEST = 387;
/** Columns that are kept at most: five minutes. */
const LONGEST = 3870;

export class Spectrogram {
  #canvas;
  #columns = [];
  #loudest = -Infinity;
  #due = false;

  constructor(canvas) {
    this.#canvas = canvas;
    this.clear();
  }

  clear() {
    this.#columns = [];
    this.#loudest = -Infinity;
    this.#canvas.getContext("2d").clearRect(0, 0, this.#canvas.width, this.#canvas.height);
  }

  add(column) {
    this.#columns.push(column);
    if (this.#columns.length > LONGEST) this.#columns.shift();
    for (const value of column) this.#loudest = Math.max(this.#loudest, value);
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      this.#draw();
    });
  }

  #draw() {
    const { width, height } = this.#canvas;
    const columns = this.#columns;
    if (columns.length === 0) return;
    // longer signals are compressed, each pixel showing one column
    const span = Math.max(columns.length, SHORTEST);
    const bands = columns[0].length;
    const scale = 255 / (RANGE_DB * STEPS_PER_DB);
    const image = new ImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    for (let x = 0; x < width; x++) {
      const column = columns[Math.floor((x * span) / width)];
      if (!column) break;
      for (let y = 0; y < height; y++) {
        const value = column[bands - 1 - Math.floor((y * bands) / height)];
        pixels[y * width + x] = PALETTE[Math.max(0, Math.round(255 - (this.#loudest - value) * scale))];
      }
    }
    this.#canvas.getContext("2d").putImageData(image, 0, 0);
  }
}
