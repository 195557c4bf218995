// The log-mel columns as a picture that grows to the right, and is squeezed when it is full.

/** Range from the loudest value so far down to black. */
const RANGE_DB = 80;
const STEPS_PER_DB = 128;

/** From black over violet and orange to white: brightness rises all the way, so that it reads without colour. */
const STOPS = [[11, 7, 23], [66, 22, 96], [158, 42, 99], [229, 92, 48], [250, 177, 58], [255, 253, 214]];

/** The pixel for each of 256 levels, in ImageData's layout: red in the lowest byte. */
const PALETTE = Uint32Array.from({ length: 256 }, (_, level) => {
  const at = (level / 255) * (STOPS.length - 1);
  const from = Math.min(Math.floor(at), STOPS.length - 2);
  const mixed = STOPS[from].map((value, i) => Math.round(value + (at - from) * (STOPS[from + 1][i] - value)));
  return (0xff000000 | (mixed[2] << 16) | (mixed[1] << 8) | mixed[0]) >>> 0;
});

/** Draws columns so that `span` of them fill the width; each pixel shows one. */
export function drawSpectrogram(canvas, columns, span) {
  const { width, height } = canvas;
  const image = new ImageData(width, height);
  if (columns.length > 0) {
    let loudest = -Infinity;
    for (const column of columns) for (const value of column) loudest = Math.max(loudest, value);
    const bands = columns[0].length;
    const scale = 255 / (RANGE_DB * STEPS_PER_DB);
    const pixels = new Uint32Array(image.data.buffer);
    for (let x = 0; x < width; x++) {
      const column = columns[Math.floor((x * span) / width)];
      if (!column) break;
      for (let y = 0; y < height; y++) {
        const value = column[bands - 1 - Math.floor((y * bands) / height)];
        pixels[y * width + x] = PALETTE[Math.max(0, Math.round(255 - (loudest - value) * scale))];
      }
    }
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}
