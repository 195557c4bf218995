// The page in a real browser, with real files.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, extname, join } from "node:path";
import test, { after } from "node:test";

import { chromium } from "playwright-core";

import { classify, dist, recordings, wav } from "./files.mjs";

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".wasm": "application/wasm" };
const server = createServer((request, response) => {
  const path = new URL(request.url, "http://x").pathname.replace(/\/$/, "/index.html");
  try {
    const body = readFileSync(new URL(`.${path}`, dist));
    response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "text/plain" }).end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const site = `http://127.0.0.1:${server.address().port}/`;

const folder = mkdtempSync(join(tmpdir(), "timbrel-"));
const tune = join(folder, "a tune of sines.wav");
writeFileSync(tune, wav(48000, 1, 48000 * 15, (i) => 0.4 * Math.sin(i / 30) * Math.sin(i / 9000) + 0.2 * Math.sin(i / 11)));

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", `--use-file-for-fake-audio-capture=${tune}`],
});
after(async () => {
  await browser.close();
  server.close();
});

/** Open the page and run `use` on it, with no error and no request to elsewhere. */
async function open(options, use) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 1300 }, permissions: ["microphone"], ...options });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => request.url().startsWith(site) || complaints.push(`fetched ${request.url()}`));
  await page.goto(site);
  await page.locator("#bars li").nth(9).waitFor({ state: "attached" });
  await use(page);
  assert.deepEqual(complaints, []);
  await context.close();
}

async function picture(page, name) {
  if (!process.env.TIMBREL_PICTURES) return;
  mkdirSync(process.env.TIMBREL_PICTURES, { recursive: true });
  await page.waitForTimeout(500);
  await page.screenshot({ path: join(process.env.TIMBREL_PICTURES, `${name}.png`), fullPage: true });
}

const done = (page) => page.locator("#status", { hasText: "The whole of it" }).waitFor();
const percent = (p) => `${Math.round(100 * p)} %`;

async function check(page, expected) {
  await done(page);
  assert.equal(await page.locator("#answer").textContent(), `${expected.genre}, ${percent(expected.confidence)}`);
  for (const [genre, probability] of Object.entries(expected.probabilities)) {
    const bar = page.locator(`#bars li[data-genre="${genre}"] .number`);
    assert.equal(await bar.textContent(), percent(probability), genre);
  }
  const course = await page.locator("#windows li").allTextContents();
  assert.equal(course.length, expected.windows);
  for (const text of course) {
    const [, genre, share] = text.match(/^\d+:\d\d to \d+:\d\d([a-z]+) (\d+) %$/) ?? assert.fail(text);
    assert.ok(genre in expected.probabilities && share >= 10 && share <= 100, text);
  }
}

async function drop(page, file) {
  const data = await page.evaluateHandle(
    ([name, base64]) => {
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], name));
      return transfer;
    },
    [basename(file), readFileSync(file).toString("base64")],
  );
  await page.dispatchEvent("#drop", "drop", { dataTransfer: data });
}

test("chosen and dropped files have the answer of the command line", () =>
  open({}, async (page) => {
    const files = [tune, ...recordings()];
    const expected = classify(...files);
    for (const [i, file] of files.entries()) {
      if (i % 2) await drop(page, file);
      else await page.setInputFiles("#file", file);
      await page.locator("#source", { hasText: basename(file) }).waitFor();
      await check(page, expected[i]);
    }
    await picture(page, "file");
  }));

test("a file that is not audio is explained, and the page goes on", () =>
  open({}, async (page) => {
    const mp3 = readFileSync(recordings()[0]);
    for (const [name, bytes, words] of [
      ["text.mp3", Buffer.from("this is a text, not a song ".repeat(50)), "not a wav"],
      ["broken.mp3", mp3.subarray(0, 60), "."],
      ["empty.wav", Buffer.alloc(0), "empty"],
    ]) {
      await page.setInputFiles("#file", { name, mimeType: "audio/mpeg", buffer: bytes });
      const error = page.locator("#error", { hasText: name });
      await error.waitFor();
      assert.ok((await error.textContent()).includes(words));
    }
    await picture(page, "error");
    await page.setInputFiles("#file", tune);
    await done(page);
    assert.ok(await page.locator("#error").isHidden());
  }));

test("the microphone is heard while it plays", () =>
  open({}, async (page) => {
    await page.click("#microphone");
    await page.locator("#status", { hasText: "first answer comes after 2.8 seconds, then one every 1.4" }).waitFor();
    assert.equal(await page.locator("#microphone").getAttribute("aria-pressed"), "true");
    await page.locator("#status", { hasText: "Sounds like" }).waitFor({ timeout: 20000 });
    await picture(page, "microphone");
    await page.click("#microphone");
    await done(page);
    assert.equal(await page.locator("#microphone").getAttribute("aria-pressed"), "false");
    const drawn = await page.evaluate(() => {
      const canvas = document.getElementById("spectrogram");
      const { data } = canvas.getContext("2d").getImageData(0, 0, 100, canvas.height);
      return new Set(data).size;
    });
    assert.ok(drawn > 20, `${drawn} values of colour`);
  }));

test("the page's facts about the model come from the model", () =>
  open({}, async (page) => {
    const size = readFileSync(new URL("../../../models/compact.timbrel", import.meta.url)).length;
    assert.ok((await page.locator("#model").textContent()).includes(`10 genres; its model is a file of ${Math.round(size / 1000)} KB`));
  }));

test("a microphone that is not allowed is explained", () =>
  open({}, async (page) => {
    await page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"));
    });
    await page.click("#microphone");
    await page.locator("#error", { hasText: "not allowed" }).waitFor();
  }));

test("the keyboard is enough", () =>
  open({}, async (page) => {
    const reached = [];
    for (let i = 0; i < 3; i++) {
      await page.keyboard.press("Tab");
      reached.push(await page.evaluate(() => document.activeElement.id));
    }
    assert.deepEqual(reached, ["file", "microphone", "demo"]);
    await page.keyboard.press("Enter");
    await check(page, classify()[0]);
    await picture(page, "demo");
  }));

for (const colorScheme of ["light", "dark"]) {
  test(`on a phone, ${colorScheme}: nothing sticks out, and axe finds nothing`, () =>
    open({ viewport: { width: 360, height: 740 }, colorScheme, hasTouch: true, isMobile: true }, async (page) => {
      const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
      for (const step of ["at first", "with a result"]) {
        if (step === "with a result") {
          await page.setInputFiles("#file", tune);
          await done(page);
          await page.waitForTimeout(500);
        }
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), step);
        await page.evaluate(`${axe}; 0`);
        const { violations } = await page.evaluate(() => axe.run());
        assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]), [], step);
        await picture(page, `phone-${colorScheme}-${step.replaceAll(" ", "-")}`);
      }
    }));
}

