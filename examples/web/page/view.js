// Shows a session: what was heard, the answer, and its course over time.
import { drawSpectrogram } from "./spectrogram.js";
import { certainty, clock, course, headline, hertzTicks, nameOf, NAMES, percent, promise, ranked, sentence, timeTicks } from "./words.js";

const $ = (id) => document.getElementById(id);
/** Seconds that fill the width while the length is not known. */
const FIRST_SPAN = 30;
const SHOWN = 3;

/** A colour for each genre, told apart by lightness as well as by hue. */
const colours = new Map();
export function nameGenres(genres, info) {
  genres.forEach((genre, i) => colours.set(genre, `oklch(${i % 2 ? 0.78 : 0.62} 0.15 ${Math.round((360 * i) / genres.length + 25)})`));
  $("rest").querySelector("summary").textContent = `The other ${genres.length - SHOWN} genres`;
  $("hertz").replaceChildren(
    ...hertzTicks(info).map(({ text, height }) => {
      const tick = document.createElement("span");
      tick.textContent = text;
      tick.style.bottom = `${100 * height}%`;
      return tick;
    }),
  );
}

function row([genre, probability]) {
  const item = document.createElement("li");
  item.dataset.genre = genre;
  item.innerHTML = '<span class="name"></span><span class="track" aria-hidden="true"><span class="fill"></span></span><span class="number"></span>';
  item.querySelector(".name").textContent = genre;
  item.querySelector(".fill").style.width = `${100 * probability}%`;
  item.querySelector(".number").textContent = percent(probability);
  return item;
}

function note(warning) {
  const item = document.createElement("li");
  item.textContent = sentence(warning);
  return item;
}

export function showAnswer(session) {
  const { result } = session;
  $("source").textContent = session.source;
  $("answer").textContent = result ? headline(result) : "Listening …";
  $("answer").dataset.promise = result ? promise(result) : "none";
  $("certainty").textContent = result ? certainty(result) : "";
  const warnings = result?.warnings ?? [];
  $("warnings").hidden = warnings.length === 0;
  $("warnings").replaceChildren(...warnings.map(note));
  $("probabilities").hidden = !result || promise(result) === "none";
  if (!result) return;
  const order = ranked(result.probabilities).map(row);
  $("top").replaceChildren(...order.slice(0, SHOWN));
  $("others").replaceChildren(...order.slice(SHOWN));
}

/** Seconds that the width stands for. */
export function span(session, info) {
  const heard = session.columns.length / info.columnsPerSecond;
  if (session.done) return session.seconds;
  return Math.max(heard, session.duration ?? FIRST_SPAN);
}

export function showCourse(session, info) {
  const seconds = span(session, info);
  drawSpectrogram($("spectrogram"), session.columns, Math.max(1, Math.min(seconds * info.columnsPerSecond, session.done ? session.columns.length : Infinity)));
  $("strip").replaceChildren(...session.windows.map((window) => segment(window, seconds)));
  const said = course(session.windows);
  $("strip").setAttribute("aria-label", said ? `From window to window: ${said}` : "From window to window: nothing yet");
  $("seconds").replaceChildren(
    ...timeTicks(seconds, $("seconds").clientWidth).map((at) => {
      const tick = document.createElement("span");
      tick.textContent = clock(at);
      tick.style.left = `${(100 * at) / seconds}%`;
      return tick;
    }),
  );
  const present = [...new Set(session.windows.map(({ genre }) => genre))];
  $("legend").replaceChildren(
    ...present.map((genre) => {
      const item = document.createElement("li");
      const swatch = document.createElement("span");
      swatch.className = "swatch";
      if (colours.has(genre)) swatch.style.background = colours.get(genre);
      item.append(swatch, NAMES[genre] ?? genre);
      return item;
    }),
  );
}

function segment({ genre, probability, music, start, end }, seconds) {
  const part = document.createElement("span");
  part.dataset.genre = genre;
  part.title = `${clock(start)} ${nameOf({ genre, music, probability })}`;
  part.style.left = `${(100 * start) / seconds}%`;
  part.style.width = `${(100 * (end - start)) / seconds}%`;
  if (music) {
    part.style.background = colours.get(genre);
    // a window that is not certain stands out less
    part.style.height = `${Math.round(25 + 75 * probability)}%`;
  }
  return part;
}

/** Describe the answer at a time in words: for the slider's users and beside it. */
export function moment(session, seconds) {
  const window = session.windows.find(({ end }) => seconds < end) ?? session.windows.at(-1);
  const heard = window ? nameOf(window) : "";
  return `${clock(seconds)} of ${clock(session.seconds)}${heard && `: ${heard}`}`;
}
