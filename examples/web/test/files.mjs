// Music to test with: what the repository has, and real recordings where TIMBREL_DATA names some.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const repository = fileURLToPath(new URL("../../..", import.meta.url));
export const dist = new URL("../dist/", import.meta.url);

/** Return a wav file of 16-bit samples that `value(i)` gives, -1 to 1. */
export function wav(rate, channels, frames, value) {
  const data = Buffer.alloc(2 * channels * frames);
  for (let i = 0; i < channels * frames; i++) data.writeInt16LE(Math.round(32767 * value(i)), 2 * i);
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + data.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(channels, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * channels * 2, 28);
  head.writeUInt16LE(2 * channels, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}

/** Return paths of audio files of every format but wav. */
export function recordings() {
  const files = ["mp3", "flac", "ogg", "m4a"].map((kind) => join(repository, `core/tests/fixtures/second.${kind}`));
  const data = process.env.TIMBREL_DATA;
  if (!data) {
    console.log("skipped: TIMBREL_DATA is not set, so that no real music is tested");
    return files;
  }
  const folders = [join(data, "cc"), join(data, "gtzan/audio/long")].filter(existsSync);
  const music = folders.map((folder) => readdirSync(folder).filter((name) => /\.(ogg|flac)$/.test(name)).sort());
  return files.concat(music.flatMap((names, i) => names.slice(0, 4).map((name) => join(folders[i], name))));
}

/** Return the output of the command-line program for files; without any, for its demo tune. */
export function classify(...files) {
  const program = process.env.TIMBREL_CLASSIFY;
  if (!program) throw new Error("TIMBREL_CLASSIFY must name the program classify");
  const lines = execFileSync(program, ["--json", ...files], { encoding: "utf8" });
  return lines.trim().split("\n").map((line) => JSON.parse(line));
}
