// Runs in the audio thread: collects the first channel into blocks of a tenth of a second.
const LENGTH = Math.round(sampleRate / 10);

class Recorder extends AudioWorkletProcessor {
  #block = new Float32Array(LENGTH);
  #filled = 0;

  process([[channel]]) {
    for (const sample of channel ?? []) {
      this.#block[this.#filled++] = sample;
      if (this.#filled < LENGTH) continue;
      this.port.postMessage(this.#block, [this.#block.buffer]);
      this.#block = new Float32Array(LENGTH);
      this.#filled = 0;
    }
    return true;
  }
}

registerProcessor("recorder", Recorder);
