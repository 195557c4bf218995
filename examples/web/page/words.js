// The page's words and numbers, without the page.

export const percent = (p) => `${Math.round(100 * p)} %`;
export const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;

/** Below these probabilities a genre is "probably", and "perhaps" the right one. */
const PROBABLE = 0.75;
const POSSIBLE = 0.5;

/** A note as a sentence. */
export const sentence = (note) => `${note[0].toUpperCase()}${note.slice(1)}.`;

/** The likeliest first: [genre, probability]. */
export function ranked(probabilities) {
  return Object.entries(probabilities).sort((a, b) => b[1] - a[1]);
}

/** Return the certainty of the headline: "sure", "probable", "possible", or "none" without music. */
export function promise({ confidence, state = "music" }) {
  if (state === "silence" || state === "not_music") return "none";
  if (state === "unsure" || confidence < POSSIBLE) return "possible";
  return confidence < PROBABLE ? "probable" : "sure";
}

export function headline(result) {
  if (result.state === "silence") return "Silence";
  if (result.state === "not_music") return "This is not music";
  return { sure: result.genre, probable: `Probably ${result.genre}`, possible: `Perhaps ${result.genre}` }[promise(result)];
}

/** The sentence under the headline. */
export function certainty(result) {
  const [, second] = ranked(result.probabilities);
  switch (promise(result)) {
    case "none":
      return "There is nothing to name a genre of.";
    case "possible":
      return `${percent(result.confidence)} certain, which is little more than a guess. It may as well be ${second[0]} (${percent(second[1])}).`;
    default:
      return `${percent(result.confidence)} certain`;
  }
}

export const NAMES = { silence: "silence", not_music: "no music" };
/** What a window is called: its genre, or why it has none. */
export const nameOf = ({ genre, music, probability }) => (music ? `${genre}, ${percent(probability)}` : NAMES[genre]);

/** Lengths of time, in runs of windows with the same likeliest genre: "disco until 0:08, then rock". */
export function course(windows) {
  const runs = [];
  for (const { genre: kind, end } of windows) {
    const genre = NAMES[kind] ?? kind;
    if (runs.at(-1)?.genre === genre) runs.at(-1).end = end;
    else runs.push({ genre, end });
  }
  if (runs.length > 12) return `${runs.length} changes of genre`;
  return runs.map(({ genre, end }, i) => (i < runs.length - 1 ? `${genre} until ${clock(end)}` : genre)).join(", then ");
}

/** Seconds at which a time axis of some pixels is labelled. */
export function timeTicks(seconds, pixels) {
  const most = Math.max(1, Math.floor(pixels / 60));
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600].find((step) => seconds / step <= most) ?? 1800;
  return Array.from({ length: Math.floor(seconds / step) + 1 }, (_, i) => i * step);
}

/** Mel of a frequency in Hz, by the model's formula. */
export function mel(hz, scale) {
  if (scale === "htk") return 2595 * Math.log10(1 + hz / 700);
  return hz < 1000 ? (3 * hz) / 200 : 15 + (27 * Math.log(hz / 1000)) / Math.log(6.4);
}

/** Frequencies of the axis and how high they are in the picture, 0 to 1. */
export function hertzTicks({ lowestHz, highestHz, melScale }) {
  const [low, high] = [mel(lowestHz, melScale), mel(highestHz, melScale)];
  return [500, 1000, 2000, 4000, 8000, 16000]
    .filter((hz) => hz > lowestHz && hz < highestHz)
    .map((hz) => ({ text: hz < 1000 ? `${hz} Hz` : `${hz / 1000} kHz`, height: (mel(hz, melScale) - low) / (high - low) }));
}
