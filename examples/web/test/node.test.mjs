// The npm package in Node.js: the answers of the command line, whatever the way in.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import test from "node:test";

import { classify, dist, recordings, wav } from "./files.mjs";

const { HIGHEST_RATE, LOWEST_RATE, Timbrel, TimbrelError } = await import(new URL("timbrel/index.js", dist));
const timbrel = await Timbrel.load();

/** The program prints six digits. */
function same(result, expected, what) {
  assert.equal(result.state, expected.state, what);
  assert.equal(result.genre, expected.genre, what);
  assert.equal(result.windows, expected.windows, what);
  assert.ok(Math.abs(result.seconds - expected.seconds) < 6e-4, `${what}: ${result.seconds} s`);
  for (const [genre, probability] of Object.entries(expected.probabilities)) {
    assert.ok(Math.abs(result.probabilities[genre] - probability) < 6e-7, `${what}: ${genre}`);
  }
}

const chords = wav(44100, 2, 44100 * 12, (i) => {
  const t = Math.floor(i / 2) / 44100;
  return 0.3 * Math.sin(880 * t * (1 + (i % 2))) + 0.2 * Math.sin(1400 * t) * (t % 0.5) + 0.1 * (((i * 7919) % 1000) / 1000 - 0.5);
});

test("files of every format have the answer of the command line", () => {
  const path = join(mkdtempSync(join(tmpdir(), "timbrel-")), "chords.wav");
  writeFileSync(path, chords);
  const files = [path, ...recordings()];
  const expected = classify(...files);
  files.forEach((file, i) => same(timbrel.classify(readFileSync(file)), expected[i], basename(file)));
});

test("what is missing in a file is told", () => {
  const flac = readFileSync(recordings().find((name) => name.endsWith(".flac")));
  assert.deepEqual(timbrel.classify(flac).warnings, []);
  assert.deepEqual(timbrel.classify(flac.subarray(5)).warnings, ["the file is cut off; it does not say how much of it is missing"]);
  assert.deepEqual(timbrel.classify(chords.subarray(0, chords.length / 2)).warnings, ["only 50 % of the audio could be decoded"]);
  assert.deepEqual(timbrel.demo().warnings, []);
});

test("the model's numbers are those that the README states", () => {
  const root = new URL("../../../", import.meta.url);
  const readme = readFileSync(new URL("README.md", root), "utf8");
  const [, window, hop] = readme.match(/A window is ([\d.]+) s of music; a new answer comes every ([\d.]+) s/);
  const { info } = timbrel;
  assert.equal(info.windowSeconds.toFixed(1), window);
  assert.equal(info.hopSeconds.toFixed(1), hop);
  assert.equal(info.bytes, readFileSync(new URL("models/compact.timbrel", root)).length);
});

test("the demo tune is the command line's", () => {
  same(timbrel.demo(), classify()[0], "demo tune");
});

test("with and without SIMD it is the same", async () => {
  for (const simd of [true, false]) {
    const other = await Timbrel.load({ simd });
    assert.deepEqual(other.classify(chords), timbrel.classify(chords));
  }
});

test("any cut of the samples gives the same, and what is on the way is told", () => {
  const samples = new Float32Array(22050 * 14).map((_, i) => Math.sin(i * i * 1e-5) * 0.5);
  let expected;
  for (const size of [samples.length, 22050, 4097, 331]) {
    const columns = [];
    const windows = [];
    const listener = timbrel.listen({
      sampleRate: 22050,
      onColumn: (column) => columns.push(column),
      onWindow: (result) => windows.push(result),
    });
    assert.equal(listener.result(), null);
    for (let at = 0; at < samples.length; at += size) listener.push(samples.subarray(at, at + size));
    const result = listener.finish();
    expected ??= result;
    assert.deepEqual(result, expected, `pieces of ${size}`);
    assert.equal(windows.length, result.windows);
    // the last columns come from the padding at the end and are not shown
    assert.ok(columns.length >= Math.floor(samples.length / 512) - 1);
    assert.ok(columns.every((column) => column instanceof Int16Array && column.length === 128));
  }
});

test("silence has a state, and its windows too", () => {
  const states = [];
  const listener = timbrel.listen({ sampleRate: 22050, onWindow: ({ windowState, window }) => states.push([windowState, window]) });
  listener.push(new Float32Array(22050 * 6));
  listener.push(new Float32Array(22050 * 6).map((_, i) => Math.sin(i * i * 1e-5) * 0.5));
  const result = listener.finish();
  assert.deepEqual(states[0], ["silence", null]);
  const last = states.at(-1);
  assert.ok(last[0] !== "silence" && states.length === result.windows);
  if (last[0] === "music") assert.ok(Math.abs(Object.values(last[1]).reduce((sum, p) => sum + p) - 1) < 1e-9);
  assert.ok(result.levelDbfs > -20 && result.levelDbfs < -6);
});

test("the embedding is the mean of the windows", () => {
  const before = new Array(96).fill(0);
  let windows = 0;
  const result = timbrel.classify(chords, {
    onWindow: ({ embedding, windows: count }) => {
      assert.equal(count, ++windows);
      assert.ok(embedding instanceof Float32Array && embedding.length === 96);
      embedding.forEach((mean, i) => {
        const value = mean * count - before[i];
        assert.ok(Math.abs(value - Math.round(value)) < 1e-3 && value > -0.5 && value < 255.5, `${i}: ${value}`);
        before[i] += Math.round(value);
      });
    },
  });
  assert.ok(windows > 3 && before.some((sum) => sum > 0));
  before.forEach((sum, i) => assert.ok(Math.abs(result.embedding[i] - sum / windows) < 1e-4));
});

test("unreadable audio is an error, and nothing else stops", () => {
  const bad = (run, message) => assert.throws(run, (error) => error instanceof TimbrelError && message.test(error.message));
  bad(() => timbrel.classify(new Uint8Array()), /empty/);
  bad(() => timbrel.classify(Buffer.from("no music".repeat(100))), /not a wav/);
  bad(() => timbrel.classify(chords.subarray(0, 30)), /header|audio/);
  bad(() => timbrel.listen({ sampleRate: LOWEST_RATE - 1 }), /3999 .* 4000 to 768000/);
  bad(() => timbrel.listen({ sampleRate: HIGHEST_RATE + 1 }), /768001/);
  bad(() => timbrel.listen({ sampleRate: 44100, channels: 0 }), /channels/);
  bad(() => timbrel.listen({ sampleRate: 44100, channels: 70000 }), /channels/);
  const listener = timbrel.listen({ sampleRate: LOWEST_RATE });
  bad(() => listener.push(Float32Array.of(0, NaN)), /not a number/);
  bad(() => timbrel.listen({ sampleRate: 8000 }).finish(), /no audio/);
  listener.push(Float32Array.of(0, 0.5));
  bad(() => listener.finish(), /short/);
  listener.push(new Float32Array(LOWEST_RATE).fill(0.5));
  assert.equal(listener.finish().windows, 1);
  bad(() => listener.push(Float32Array.of(0)), /finished/);
});

test("damaged files do not bring it down", () => {
  for (const file of recordings().slice(0, 4)) {
    const bytes = readFileSync(file);
    for (let seed = 1; seed <= 40; seed++) {
      const damaged = Uint8Array.from(bytes);
      for (let k = 0, x = seed; k < 20; k++) {
        x = (x * 1103515245 + 12345) % 2147483648;
        damaged[x % damaged.length] ^= 1 << (x % 8);
      }
      try {
        timbrel.classify(damaged);
      } catch (error) {
        assert.ok(error instanceof TimbrelError, `${basename(file)}: ${error.stack}`);
      }
    }
  }
});
