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

const { Timbrel } = await import(new URL("timbrel/index.js", dist));
const { NAMES, certainty, clock, headline, hertzTicks, percent, timeTicks } = await import(new URL("words.js", dist));
const timbrel = await Timbrel.load();
const { info, genres } = timbrel;

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".wasm": "application/wasm", ".webmanifest": "application/manifest+json", ".png": "image/png" };
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
// parts of the demo tune: tones alone are not music
const demo = timbrel.demoTune();
const tune = join(folder, "a part of the tune.wav");
writeFileSync(tune, wav(demo.sampleRate, 1, demo.sampleRate * 15, (i) => demo.samples[i]));
const short = join(folder, "short.wav");
writeFileSync(short, wav(demo.sampleRate, 1, demo.sampleRate * 4, (i) => demo.samples[i]));
const quiet = join(folder, "quiet.wav");
writeFileSync(quiet, wav(22050, 1, 22050 * 9, () => 0));
const long = join(folder, "long.wav");
writeFileSync(long, wav(22050, 1, 22050 * 600, (i) => 0.4 * Math.sin(i / 7)));

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
  page.on("request", (request) => request.url().replace(/^blob:/, "").startsWith(site) || complaints.push(`fetched ${request.url()}`));
  await page.goto(site);
  await page.locator("body[data-ready]").waitFor();
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

/** The whole of a signal was heard and its answer is shown. */
const done = (page) => page.locator("#progress[hidden] ~ #result #status", { hasText: /^Heard \d+:\d\d: / }).waitFor({ state: "attached" });

async function check(page, expected) {
  await done(page);
  assert.equal(await page.locator("#answer").textContent(), headline(expected));
  assert.equal(await page.locator("#certainty").textContent(), certainty(expected));
  // sorted, three of them at once and the others folded
  const rows = (id) => page.locator(`#${id} li`).evaluateAll((items) => items.map((item) => item.textContent));
  const printed = [...(await rows("top")), ...(await rows("others"))];
  const rowsOf = Object.entries(expected.probabilities).map(([genre, probability]) => genre + percent(probability));
  assert.deepEqual(printed.toSorted(), rowsOf.toSorted());
  // the program prints six digits, in which small ones may be equal
  const shares = printed.map((row) => expected.probabilities[row.match(/^[a-z]+/)[0]]);
  assert.ok(shares.every((share, i) => i === 0 || share <= shares[i - 1]), printed.join(", "));
  assert.equal(await page.locator("#top li").count(), 3);
  assert.ok(await page.locator("#others").isHidden());
  await checkCourse(page, expected);
}

/** The strip has a segment for each window, from the first moment to the last, a hop each. */
async function checkCourse(page, expected) {
  const strip = await page.locator("#strip").boundingBox();
  const segments = await page.locator("#strip span").evaluateAll((parts) =>
    parts.map((part) => ({ genre: part.dataset.genre, title: part.title, left: parseFloat(part.style.left), width: parseFloat(part.style.width) })),
  );
  assert.equal(segments.length, expected.windows);
  let end = 0;
  segments.forEach(({ genre, title, left, width }, i) => {
    assert.ok(Math.abs(left - end) < 1e-3, `segment ${i} begins at ${left} %`);
    end = left + width;
    const [, at, name, share] = title.match(/^(\d+:\d\d) ([\w ]+?)(?:, (\d+) %)?$/) ?? assert.fail(title);
    assert.ok(Math.abs(seconds(at) - (left / 100) * expected.seconds) < 1.01, title);
    assert.equal(name, named(genre));
    if (share === undefined) assert.ok(genre in NAMES, title);
    else assert.ok(genres.includes(genre) && share >= 100 / genres.length - 1 && share <= 100, title);
    const inner = i > 0 && i < segments.length - 1;
    if (inner) assert.ok(Math.abs((width / 100) * expected.seconds - info.hopSeconds) < 0.01, `segment ${i}: ${width} %`);
  });
  assert.ok(Math.abs(end - 100) < 0.01, `the strip ends at ${end} %`);
  // under the picture, with which it shares the axis
  const picture = await page.locator("#spectrogram").boundingBox();
  assert.deepEqual([strip.x, strip.width], [picture.x, picture.width]);
  assert.deepEqual(await page.locator("#seconds span").allTextContents(), timeTicks(expected.seconds, picture.width).map(clock));
  assert.deepEqual(await page.locator("#hertz span").allTextContents(), hertzTicks(info).map(({ text }) => text));
  const legend = await page.locator("#legend li").allTextContents();
  assert.deepEqual(legend.toSorted(), [...new Set(segments.map(({ genre }) => named(genre)))].toSorted());
  // an answer is a genre unless more than half of the windows with sound are not music
  const sounding = segments.filter(({ genre }) => genre !== "silence").length;
  const music = segments.filter(({ genre }) => genres.includes(genre)).length;
  assert.equal(2 * music >= sounding, ["music", "unsure"].includes(expected.state), `${music} windows of music`);
}

/** The word for a segment, which is a genre or a state without one. */
const named = (genre) => NAMES[genre] ?? genre;

const seconds = (text) => text.split(":").reduce((minutes, rest) => 60 * minutes + Number(rest), 0);

/** Wait until this share of the picture's width shows something: it is drawn with the browser's next frame. */
const drawn = (page, share) =>
  page.waitForFunction((share) => {
    const canvas = document.getElementById("spectrogram");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let columns = 0;
    for (let x = 0; x < canvas.width; x++) {
      const colours = new Set();
      for (let y = 0; y < canvas.height; y++) colours.add(data[4 * (y * canvas.width + x)]);
      if (colours.size > 2) columns++;
    }
    return columns > share * canvas.width;
  }, share);

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
    assert.ok(await page.locator("#result").isHidden());
    await page.setInputFiles("#file", tune);
    const [expected] = classify(tune);
    await check(page, expected);
    assert.ok(await page.locator("#error").isHidden());
    // an error keeps what was shown before
    await page.setInputFiles("#file", { name: "text.wav", mimeType: "audio/wav", buffer: Buffer.from("no music".repeat(99)) });
    await page.locator("#error", { hasText: "text.wav" }).waitFor();
    await check(page, expected);
    assert.equal(await page.locator("#source").textContent(), basename(tune));
    await picture(page, "error");
  }));

test("silence and what it leaves are named", () =>
  open({}, async (page) => {
    await page.setInputFiles("#file", quiet);
    await done(page);
    assert.equal(await page.locator("#answer").textContent(), "Silence");
    assert.ok(await page.locator("#probabilities").isHidden());
    const [{ state, windows }] = classify(quiet);
    assert.equal(state, "silence");
    assert.deepEqual(await page.locator("#strip span").evaluateAll((parts) => parts.map((part) => part.dataset.genre)), Array(windows).fill("silence"));
    assert.deepEqual(await page.locator("#legend li").allTextContents(), ["silence"]);
    await picture(page, "silence");
  }));

test("what is missing in a file is told beside its answer", () =>
  open({}, async (page) => {
    const cut = join(folder, "cut.wav");
    writeFileSync(cut, readFileSync(tune).subarray(0, 300000));
    await page.setInputFiles("#file", cut);
    await check(page, classify(cut)[0]);
    const warnings = page.locator("#warnings li");
    assert.deepEqual(await warnings.allTextContents(), ["Only 45 % of the audio could be decoded."]);
    await picture(page, "cut");
    await page.setInputFiles("#file", short);
    await page.locator("#source", { hasText: basename(short) }).waitFor();
    await check(page, classify(short)[0]);
    assert.ok(await page.locator("#warnings").isHidden());
  }));

test("a short file fills the width", () =>
  open({}, async (page) => {
    await page.setInputFiles("#file", short);
    await check(page, classify(short)[0]);
    await drawn(page, 0.95);
    await picture(page, "short");
  }));

test("a second file stops the first, and cancelling keeps the answer before", () =>
  open({}, async (page) => {
    await page.setInputFiles("#file", tune);
    const [expected] = classify(tune);
    await check(page, expected);
    await page.setInputFiles("#file", long);
    await page.locator("#doing", { hasText: basename(long) }).waitFor();
    await page.click("#cancel");
    assert.ok(await page.locator("#progress").isHidden());
    await check(page, expected);
    assert.equal(await page.locator("#source").textContent(), basename(tune));
    await page.setInputFiles("#file", long);
    await page.setInputFiles("#file", short);
    await page.locator("#source", { hasText: basename(short) }).waitFor();
    await check(page, classify(short)[0]);
  }));

test("it plays, pauses and seeks, and the strip follows", () =>
  open({}, async (page) => {
    await page.setInputFiles("#file", tune);
    await done(page);
    const [{ seconds }] = classify(tune);
    const playhead = (wanted) => page.waitForFunction(([low, high]) => {
      const at = parseFloat(document.getElementById("playhead").style.left);
      return at >= low && at <= high;
    }, wanted);
    await page.click("#play");
    await page.locator("#play", { hasText: "Pause" }).waitFor();
    await playhead([0.5, 100]);
    await page.click("#play");
    await page.locator("#play", { hasText: "Play" }).waitFor();
    const box = await page.locator("#spectrogram").boundingBox();
    await page.mouse.click(box.x + box.width / 2, box.y + 20);
    await playhead([49, 51]);
    const [, at, whole, genre] = (await page.locator("#now").textContent()).match(/^(\d+:\d\d) of (\d+:\d\d): (\w+), \d+ %$/);
    assert.equal(at, clock(seconds / 2));
    assert.equal(whole, clock(seconds));
    assert.ok(genres.includes(genre));
    await page.locator("#seek").focus();
    await page.keyboard.press("Home");
    await playhead([0, 0]);
    assert.match(await page.locator("#seek").getAttribute("aria-valuetext"), /^0:00 of /);
  }));

test("once visited it works offline", () =>
  open({}, async (page) => {
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.context().setOffline(true);
    await page.reload();
    await page.locator("body[data-ready]").waitFor();
    await page.click("#demo");
    await check(page, classify()[0]);
    const manifest = await page.evaluate(async () => (await fetch(document.querySelector("link[rel=manifest]").href)).json());
    assert.ok(manifest.icons.length > 0 && manifest.display === "standalone");
  }));

test("the microphone is heard while it plays", () =>
  open({}, async (page) => {
    await page.click("#microphone");
    await page.locator("#status", { hasText: "first answer" }).waitFor({ state: "attached" });
    const [, first, next] = (await page.locator("#status").textContent()).match(/after (\d+\.\d) seconds, then one every (\d+\.\d)\.$/);
    assert.deepEqual([first, next], [info.windowSeconds.toFixed(1), info.hopSeconds.toFixed(1)]);
    assert.equal(await page.locator("#microphone").getAttribute("aria-pressed"), "true");
    await page.locator("#strip span").first().waitFor({ state: "attached", timeout: 20000 });
    await picture(page, "microphone");
    await page.click("#microphone");
    await done(page);
    assert.equal(await page.locator("#microphone").getAttribute("aria-pressed"), "false");
    await drawn(page, 0.9);
    assert.ok(await page.locator("#player").isHidden());
  }));

test("the page's facts about the model come from the model", () =>
  open({}, async (page) => {
    const size = readFileSync(new URL("../../../models/compact.timbrel", import.meta.url)).length;
    assert.ok((await page.locator("#model").textContent()).includes(`${genres.length} genres: ${genres.join(", ")}. Its model is a file of ${Math.round(size / 1000)} KB`));
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

const SCREENS = { phone: { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }, desktop: { viewport: { width: 1280, height: 900 } } };
for (const [screen, options] of Object.entries(SCREENS)) {
  for (const colorScheme of ["light", "dark"]) {
    test(`on a ${screen}, ${colorScheme}: nothing sticks out, and axe finds nothing`, () =>
      open({ ...options, colorScheme }, async (page) => {
        const hint = await page.locator(".hint").innerText();
        assert.equal(hint.startsWith("Drop"), screen === "desktop", hint);
        const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
        for (const step of ["at first", "with a result", "unfolded", "with a warning"]) {
          if (step === "with a result") {
            await page.setInputFiles("#file", tune);
            await done(page);
            await page.waitForTimeout(300);
          }
          if (step === "unfolded") await page.click("summary");
          if (step === "with a warning") {
            await page.setInputFiles("#file", { name: "cut.wav", mimeType: "audio/wav", buffer: readFileSync(tune).subarray(0, 300000) });
            await page.locator("#warnings li").waitFor();
            await done(page);
          }
          assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), step);
          await page.evaluate(`${axe}; 0`);
          const { violations } = await page.evaluate(() => axe.run());
          assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]), [], step);
          await picture(page, `${screen}-${colorScheme}-${step.replaceAll(" ", "-")}`);
        }
      }));
  }
}
