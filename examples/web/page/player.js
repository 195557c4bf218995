// Plays what was listened to, where the browser can.
export class Player {
  #audio = new Audio();
  #onTime;

  /** `onTime(seconds, playing)` is called while it plays and when it is moved; `onReady(seconds)` with the length. */
  constructor(onTime, onReady) {
    this.#onTime = onTime;
    this.#audio.preload = "metadata";
    this.#audio.addEventListener("loadedmetadata", () => Number.isFinite(this.#audio.duration) && onReady(this.#audio.duration));
    this.#audio.addEventListener("error", () => this.#audio.hasAttribute("src") && onReady(null));
    for (const event of ["play", "pause", "seeked", "ended"]) this.#audio.addEventListener(event, () => this.#tell());
  }

  /** Takes the address of a sound, or null for none. */
  open(url) {
    this.#audio.pause();
    if (url) this.#audio.src = url;
    else this.#audio.removeAttribute("src");
  }

  get playing() {
    return !this.#audio.paused;
  }

  toggle() {
    if (this.playing) this.#audio.pause();
    else this.#audio.play().catch(() => this.#tell());
  }

  seek(seconds) {
    this.#audio.currentTime = seconds;
    this.#tell();
  }

  #tell() {
    this.#onTime(this.#audio.currentTime, this.playing);
    if (this.playing) requestAnimationFrame(() => this.#tell());
  }
}

/** A wav file of mono samples, full scale ±1. */
export function wav(samples, rate) {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (at, letters) => [...letters].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((sample, i) => view.setInt16(44 + 2 * i, Math.max(-32768, Math.min(32767, Math.round(32768 * sample))), true));
  return new Blob([view], { type: "audio/wav" });
}
