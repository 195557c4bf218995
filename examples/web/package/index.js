// Timbrel in JavaScript: a thin layer over the WebAssembly module. index.d.ts documents the interface.

/** A function of one SIMD instruction: valid only where WebAssembly has SIMD. */
const SIMD = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11);

export const LOWEST_RATE = 4000;
export const HIGHEST_RATE = 768000;

const STATES = ["music", "silence", "not_music", "unsure"];

export class TimbrelError extends Error {
  name = "TimbrelError";
}

async function bytesOf(url) {
  if (url.protocol === "file:") {
    const { readFile } = await import("node:fs/promises");
    return readFile(url);
  }
  const response = await fetch(url);
  if (!response.ok) throw new TimbrelError(`${url}: ${response.status}`);
  return response.arrayBuffer();
}

/** One instance of the module, for one signal; its memory is freed with it. */
class Instance {
  constructor(module, heard = {}) {
    const read = (Type, at, length) => new Type(this.exports.memory.buffer, at, length).slice();
    const imports = {
      on_column: (at, length) => heard.column?.(read(Int16Array, at, length)),
      on_window: (at, ownAt, length, embeddingAt, embeddingLength, windows, state, windowState, levelDbfs) =>
        heard.window?.({
          probabilities: read(Float32Array, at, length),
          own: read(Float32Array, ownAt, length),
          embedding: read(Float32Array, embeddingAt, embeddingLength),
          windows,
          state: STATES[state],
          windowState: STATES[windowState],
          levelDbfs,
        }),
    };
    this.exports = new WebAssembly.Instance(module, { timbrel: imports }).exports;
  }

  text() {
    const { memory, text, text_len } = this.exports;
    return new TextDecoder().decode(new Uint8Array(memory.buffer, text(), text_len()));
  }

  /** Call a function that returns 1, or 0 with a reason. */
  call(name, ...values) {
    let done;
    try {
      done = this.exports[name](...values);
    } catch (error) {
      // a hostile file may reach an assertion in a decoder, which ends only this instance
      if (error instanceof WebAssembly.RuntimeError) throw new TimbrelError("the decoder failed on it");
      throw error;
    }
    if (!done) throw new TimbrelError(this.text());
  }

  /** Copy bytes into the instance. */
  put(bytes) {
    const at = this.exports.input(bytes.length);
    new Uint8Array(this.exports.memory.buffer, at, bytes.length).set(bytes);
  }
}

export class Timbrel {
  #module;

  constructor(module) {
    this.#module = module;
    const instance = new Instance(module);
    instance.call("labels");
    this.genres = Object.freeze(instance.text().split("\n"));
    instance.call("info");
    this.info = Object.freeze(JSON.parse(instance.text()));
  }

  static async load({ simd = WebAssembly.validate(SIMD), base = import.meta.url } = {}) {
    const name = simd ? "timbrel.simd.wasm" : "timbrel.wasm";
    return new Timbrel(await WebAssembly.compile(await bytesOf(new URL(name, base))));
  }

  listen({ sampleRate, channels = 1, onColumn, onWindow } = {}) {
    return new Listener(this, this.#module, { onColumn, onWindow }, (instance) =>
      instance.call("open", sampleRate >>> 0, channels >>> 0),
    );
  }

  classify(file, { onColumn, onWindow } = {}) {
    const bytes = file instanceof Uint8Array ? file : new Uint8Array(file);
    return new Listener(this, this.#module, { onColumn, onWindow }, (instance) => {
      instance.put(bytes);
      instance.call("hear_file", bytes.length);
    }).result();
  }

  demoTune() {
    const { exports } = new Instance(this.#module);
    const length = exports.demo_tune();
    return { samples: new Float32Array(exports.memory.buffer, exports.input_address(), length).slice(), sampleRate: exports.demo_rate() };
  }

  demo({ onColumn, onWindow } = {}) {
    const { samples, sampleRate } = this.demoTune();
    const listener = this.listen({ sampleRate, onColumn, onWindow });
    listener.push(samples);
    return listener.finish();
  }
}

class Listener {
  #instance;
  #timbrel;
  #last = null;
  // the module must not be called while it calls, so that this is asked for only in between
  #seconds = 0;
  #warnings = [];

  constructor(timbrel, module, { onColumn, onWindow }, begin) {
    this.#timbrel = timbrel;
    this.#instance = new Instance(module, {
      column: onColumn,
      window: (last) => {
        this.#last = last;
        onWindow?.(this.result());
      },
    });
    this.#ask(begin);
  }

  #ask(question) {
    question(this.#instance);
    this.#seconds = this.#instance.exports.seconds();
    this.#instance.call("warnings");
    this.#warnings = this.#instance.text().split("\n").filter(Boolean);
  }

  push(samples) {
    this.#instance.put(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
    this.#ask((instance) => instance.call("push", samples.length));
  }

  finish() {
    this.#ask((instance) => instance.call("finish"));
    return this.result();
  }

  result() {
    if (!this.#last) return null;
    const { genres } = this.#timbrel;
    const { probabilities, own, embedding, windows, state, windowState, levelDbfs } = this.#last;
    const named = (values) => Object.fromEntries(genres.map((genre, i) => [genre, values[i]]));
    const best = probabilities.indexOf(Math.max(...probabilities));
    return {
      state,
      genre: genres[best],
      confidence: probabilities[best],
      probabilities: named(probabilities),
      window: windowState === "music" ? named(own) : null,
      windowState,
      levelDbfs,
      embedding,
      windows,
      seconds: this.#seconds,
      warnings: this.#warnings,
    };
  }
}
