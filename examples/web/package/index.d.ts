/** Lowest sample rate (Hz) that a listener takes. Between the two, every integer is possible. */
export const LOWEST_RATE: number;

/** Highest sample rate (Hz) that a listener takes. */
export const HIGHEST_RATE: number;

/** A fault of a file or a signal, described in a sentence. */
export class TimbrelError extends Error {}

/** The answer over all windows so far. */
export interface Result {
  /** Whether it is music whose genre the model knows. The genre is always the likeliest one. */
  state: "music" | "silence" | "not_music" | "unsure";
  /** The most probable genre. */
  genre: string;
  /** Its probability, 0 to 1. */
  confidence: number;
  /** Probability of every genre: the softmax of the mean logits of the windows. */
  probabilities: Record<string, number>;
  /** Probability of every genre in the newest window alone, null unless that is music. */
  window: Record<string, number> | null;
  /** The newest window alone; one that is not music has no vote. */
  windowState: "music" | "silence" | "not_music";
  /** Level of the signal in dB, 0 for a full-scale square wave and -120 at least. */
  levelDbfs: number;
  /** Embedding of the signal: the mean over its windows of the input of the network's last layer, 96 values of 0 to 255. */
  embedding: Float32Array;
  /** Windows that were classified; `Timbrel.info` has their length and distance. */
  windows: number;
  /** Seconds of audio so far; 0 while a file is read. */
  seconds: number;
  /** Notes on a file, a sentence each: that a part could not be decoded, that it is cut off. Empty while it is read. */
  warnings: string[];
}

/** Facts about the model. */
export interface ModelInfo {
  /** Seconds of audio in a window, and until the first answer. */
  readonly windowSeconds: number;
  /** Seconds from one window to the next. */
  readonly hopSeconds: number;
  /** Log-mel columns per second of audio. */
  readonly columnsPerSecond: number;
  /** Lower edge of the first band and upper edge of the last, Hz. */
  readonly lowestHz: number;
  readonly highestHz: number;
  /** Formula that places the bands over frequency. */
  readonly melScale: "slaney" | "htk";
  /** Size of the model file. */
  readonly bytes: number;
}

/** Functions that are called while listening. */
export interface Watch {
  /** Receive a log-mel column, `info.columnsPerSecond` of them per second: 128 bands from 0 to 11,025 Hz, in 1/128 dB. */
  onColumn?: (column: Int16Array) => void;
  /** Receive the answer after each window. */
  onWindow?: (result: Result) => void;
}

/** A signal that arrives in portions. */
export interface Listener {
  /**
   * Push any number of samples, interleaved if there are several channels, full scale ±1.
   * @throws TimbrelError for NaN and infinite samples, and after finish()
   */
  push(samples: Float32Array): void;
  /** End the signal and classify the rest of it. @throws TimbrelError if no sample was pushed */
  finish(): Result;
  /** Return the answer so far, null before the first window. */
  result(): Result | null;
}

/** The model, ready to listen. */
export class Timbrel {
  /** Fetch the module, with SIMD where available. `base` is the folder of the .wasm files. */
  static load(options?: { simd?: boolean; base?: string | URL }): Promise<Timbrel>;
  /** Names of the genres. */
  readonly genres: readonly string[];
  readonly info: ModelInfo;
  /** Begin to listen. @throws TimbrelError for a rate or a number of channels that is not supported */
  listen(options: { sampleRate: number; channels?: number } & Watch): Listener;
  /** Classify an audio file (wav, mp3, flac, ogg, m4a, AIFF and more) at once. @throws TimbrelError describes its fault */
  classify(file: Uint8Array | ArrayBuffer, watch?: Watch): Result;
  /** Synthesise half a minute of music to try it with: mono, full scale ±1. */
  demoTune(): { samples: Float32Array; sampleRate: number };
  /** Classify half a minute of a tune that the module synthesises. */
  demo(watch?: Watch): Result;
}
