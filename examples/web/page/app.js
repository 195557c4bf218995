// The page: sends files and samples to the worker and shows its answers.
import { openMicrophone } from "./microphone.js";
import { Spectrogram } from "./spectrogram.js";

const $ = (id) => document.getElementById(id);
const worker = new Worker("worker.js", { type: "module" });
const spectrogram = new Spectrogram($("spectrogram"));
/** Windows that are listed; a microphone may be left on for days. */
const LONGEST_LIST = 400;

/** Facts about the model, from the worker. */
let info = null;
/** Number of the current signal; messages about an earlier one are dropped. */
let job = 0;
let columns = 0;
let windows = 0;
let microphone = null;

const percent = (p) => `${Math.round(100 * p)} %`;
const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;

function begin(source) {
  job += 1;
  columns = 0;
  windows = 0;
  spectrogram.clear();
  $("error").hidden = true;
  $("result").hidden = false;
  $("source").textContent = source;
  $("answer").textContent = "Listening …";
  $("status").textContent = "";
  $("length").textContent = "";
  $("windows").replaceChildren();
  for (const bar of $("bars").children) show(bar, 0, false);
  return job;
}

function fail(message) {
  $("error").textContent = message;
  $("error").hidden = false;
  if (windows === 0) $("result").hidden = true;
}

function makeBars(genres) {
  const bars = genres.map((genre) => {
    const bar = document.createElement("li");
    bar.innerHTML = '<span class="name"></span><span class="track" aria-hidden="true"><span class="fill"></span></span><span class="number"></span>';
    bar.dataset.genre = genre;
    bar.querySelector(".name").textContent = genre;
    show(bar, 0, false);
    return bar;
  });
  $("bars").replaceChildren(...bars);
}

function introduce(model) {
  info = model.info;
  makeBars(model.genres);
  $("model").textContent = `It knows ${model.genres.length} genres; its model is a file of ${Math.round(info.bytes / 1000)} KB.`;
}

function show(bar, probability, best) {
  bar.classList.toggle("best", best);
  bar.querySelector(".fill").style.width = `${100 * probability}%`;
  bar.querySelector(".number").textContent = percent(probability);
}

/** The answer before the newest window. */
let before = null;
function showResult(result) {
  for (const bar of $("bars").children) {
    show(bar, result.probabilities[bar.dataset.genre], bar.dataset.genre === result.genre);
  }
  $("answer").textContent = `${result.genre}, ${percent(result.confidence)}`;
  if (result.windows > windows) addWindow(result);
}

/** Return the answer of the newest window alone: an answer is the softmax of mean logits, so differences of logarithms determine it. */
function newest(result) {
  const logarithm = (answer, genre) => Math.log(Math.max(answer.probabilities[genre], 1e-30));
  const logits = Object.keys(result.probabilities).map((genre) => {
    const earlier = windows > 0 ? logarithm(before, genre) : 0;
    return [genre, logarithm(result, genre) * result.windows - earlier * windows];
  });
  const [genre, largest] = logits.reduce((best, next) => (next[1] > best[1] ? next : best));
  return [genre, 1 / logits.reduce((sum, [, logit]) => sum + Math.exp(logit - largest), 0)];
}

function addWindow(result) {
  const [genre, probability] = newest(result);
  const end = columns / info.columnsPerSecond;
  const item = document.createElement("li");
  const time = document.createElement("span");
  time.className = "time";
  time.textContent = `${clock(Math.max(0, end - info.windowSeconds))} to ${clock(end)}`;
  item.append(time, `${genre} ${percent(probability)}`);
  $("windows").append(item);
  if ($("windows").childElementCount > LONGEST_LIST) $("windows").firstElementChild.remove();
  $("windows").scrollTop = $("windows").scrollHeight;
  windows = result.windows;
  before = result;
  if (microphone) $("status").textContent = `Sounds like ${result.genre} so far, ${percent(result.confidence)}.`;
}

worker.addEventListener("error", () => fail("Timbrel could not be started in this browser."));
worker.addEventListener("message", ({ data }) => {
  if (data.genres) return introduce(data);
  if (data.job !== undefined && data.job !== job) return;
  if (data.error) {
    stopMicrophone();
    return fail(`${$("source").textContent}: ${data.error}`);
  }
  if (data.column) {
    columns += 1;
    spectrogram.add(data.column);
    if (columns % 13 === 0) $("length").textContent = clock(columns / info.columnsPerSecond);
    return;
  }
  showResult(data.result);
  if (data.done) {
    const { genre, confidence, seconds } = data.result;
    $("length").textContent = clock(seconds);
    $("status").textContent = `The whole of it, ${clock(seconds)}: ${genre}, ${percent(confidence)}.`;
    $("spectrogram").setAttribute("aria-label", `Spectrogram of ${$("source").textContent}, ${clock(seconds)}`);
  }
});

async function hearFile(file) {
  await stopMicrophone();
  const mine = begin(file.name);
  if (file.size === 0) return fail(`${file.name}: the file is empty`);
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (mine === job) worker.postMessage({ job, file: bytes }, [bytes.buffer]);
}

async function startMicrophone() {
  const mine = begin("Microphone");
  try {
    const waiting = [];
    const opened = await openMicrophone((samples) => {
      if (mine !== job) return;
      if (microphone) worker.postMessage({ job, samples }, [samples.buffer]);
      else waiting.push(samples);
    });
    if (mine !== job) return void opened.stop();
    microphone = opened;
    worker.postMessage({ job, rate: opened.rate });
    for (const samples of waiting) worker.postMessage({ job, samples });
    $("microphone").setAttribute("aria-pressed", "true");
    $("microphone").textContent = "Stop listening";
    $("status").textContent = firstAnswer();
  } catch (error) {
    fail(error.name === "NotAllowedError" ? "The microphone was not allowed." : `The microphone cannot be used: ${error.message}`);
  }
}

function firstAnswer() {
  // the microphone may be open before the model is there
  if (!info) return "The first answer comes after a few seconds.";
  const [first, next] = [info.windowSeconds, info.hopSeconds].map((seconds) => seconds.toFixed(1));
  return `The first answer comes after ${first} seconds, then one every ${next}.`;
}

async function stopMicrophone() {
  if (!microphone) return;
  const open = microphone;
  microphone = null;
  $("microphone").setAttribute("aria-pressed", "false");
  $("microphone").textContent = "Use the microphone";
  await open.stop();
}

$("file").addEventListener("change", ({ target }) => {
  if (target.files.length > 0) hearFile(target.files[0]);
  // so that the same file can be chosen again
  target.value = "";
});
$("microphone").addEventListener("click", async () => {
  if (!microphone) return startMicrophone();
  await stopMicrophone();
  worker.postMessage({ job, finish: true });
});
$("demo").addEventListener("click", async () => {
  await stopMicrophone();
  begin("Demo tune, made by this page");
  worker.postMessage({ job, demo: true });
});

// dropping anywhere is fine
addEventListener("dragover", (event) => {
  event.preventDefault();
  $("drop").classList.add("over");
});
addEventListener("dragleave", () => $("drop").classList.remove("over"));
addEventListener("drop", (event) => {
  event.preventDefault();
  $("drop").classList.remove("over");
  const file = event.dataTransfer.files[0];
  if (file) hearFile(file);
});
