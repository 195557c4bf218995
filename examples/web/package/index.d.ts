/** Sample rates (Hz) that can be listened to; files may have others only if they are one of these, too. */
export const SAMPLE_RATES: readonly number[];

/** What is wrong with a file or a signal, in a sentence. */
export class TimbrelError extends Error {}

/** The answer over all windows so far. */
export interface Result {
  /** The most probable genre. */
  genre: string;
  /** Its probability, 0 to 1. */
  confidence: number;
  /** Probability of every genre: the softmax of the mean logits of the windows. */
  probabilities: Record<string, number>;
  /** Embedding of the signal: the mean over its windows of the input of the network's last layer, 96 values of 0 to 255. */
  embedding: Float32Array;
  /** Windows that were classified; `Timbrel.info` has their length and distance. */
  windows: number;
  /** Seconds of audio that were heard. While a file is read: 0. */
  seconds: number;
}

/** The model's numbers. */
export interface ModelInfo {
  /** Seconds of audio in a window, and until the first answer. */
  readonly windowSeconds: number;
  /** Seconds from one window to the next. */
  readonly hopSeconds: number;
  /** Log-mel columns per second of audio. */
  readonly columnsPerSecond: number;
  /** Size of the model file. */
  readonly bytes: number;
}

/** What is told while listening. */
export interface Watch {
  /** A log-mel column, `info.columnsPerSecond` of them per second: 128 bands from 0 to 11,025 Hz, in 1/128 dB. */
  onColumn?: (column: Int16Array) => void;
  /** The answer after each window. */
  onWindow?: (result: Result) => void;
}

/** A signal that arrives bit by bit. */
export interface Listener {
  /**
   * Hears samples, interleaved if there are several channels, full scale ±1; any number of them.
   * @throws TimbrelError for NaN and infinite samples, and after finish()
   */
  push(samples: Float32Array): void;
  /** Ends the signal; what is left of it is classified. @throws TimbrelError if there was no sample */
  finish(): Result;
  /** The answer so far, null before the first window. */
  result(): Result | null;
}

/** The model, ready to listen. */
export class Timbrel {
  /** Fetches the module, with SIMD where there is. `base` is where the .wasm files are. */
  static load(options?: { simd?: boolean; base?: string | URL }): Promise<Timbrel>;
  /** Names of the genres. */
  readonly genres: readonly string[];
  readonly info: ModelInfo;
  /** Begins to listen. @throws TimbrelError for a rate or a number of channels that is not supported */
  listen(options: { sampleRate: number; channels?: number } & Watch): Listener;
  /** Classifies an audio file (wav, mp3, flac, ogg, m4a, AIFF and more) at once. @throws TimbrelError says what is wrong with it */
  classify(file: Uint8Array | ArrayBuffer, watch?: Watch): Result;
  /** Classifies half a minute of a tune that the module makes itself. */
  demo(watch?: Watch): Result;
}
