// The page: what is chosen goes to a worker, and its answers are shown.
import { openMicrophone } from "./microphone.js";
import { Player, wav } from "./player.js";
import { moment, nameGenres, showAnswer, showCourse } from "./view.js";
import { certainty, clock, headline, ranked, sentence } from "./words.js";

const $ = (id) => document.getElementById(id);
/** Columns that are kept of a microphone, which may be left on for days: five minutes. */
const MOST_COLUMNS = 3870;

/** The model's numbers, from the worker. */
let info = null;
let worker = null;
/** The session that is running, null without one. */
let active = null;
/** The session that is shown; one that fails is replaced by the one before it. */
let shown = null;
let previous = null;
let microphone = null;
let due = false;

function startWorker() {
  worker?.terminate();
  worker = new Worker("worker.js", { type: "module" });
  worker.addEventListener("error", () => fail("Timbrel could not be started in this browser."));
  worker.addEventListener("message", ({ data }) => receive(data));
}

const player = new Player(
  (seconds, playing) => {
    $("play").textContent = playing ? "Pause" : "Play";
    showMoment(seconds);
  },
  (seconds) => {
    if (seconds === null) $("player").dataset.silent = "true";
    else if (shown) shown.duration ??= seconds;
    showPlayer();
  },
);

/** Begins a session; a second one stops the first. */
function begin(source, sound = null) {
  if (active) startWorker();
  active = { source, columns: [], dropped: 0, windows: [], result: null, seconds: 0, duration: null, done: false };
  active.url = sound && URL.createObjectURL(sound);
  $("error").hidden = true;
  $("doing").textContent = `Listening to ${source} …`;
  $("progress").hidden = false;
  $("bar").removeAttribute("value");
  return active;
}

/** Show a session instead of the one before. */
function adopt(session) {
  if (shown === session) return;
  if (previous?.url && previous !== session) URL.revokeObjectURL(previous.url);
  previous = shown;
  shown = session;
  $("status").textContent = session.said ?? "";
  $("player").dataset.silent = String(!session.url);
  player.open(session.url);
  $("result").hidden = false;
  render();
}

function end() {
  active = null;
  $("progress").hidden = true;
}

/** Ends what is listened to; what was shown before it is shown again. */
function giveUp() {
  if (active && shown === active && active.result === null) {
    shown = null;
  } else if (active && shown === active && previous) {
    shown = null;
    adopt(previous);
  }
  if (!shown) $("result").hidden = true;
  end();
}

function fail(message) {
  giveUp();
  $("error").textContent = message;
  $("error").hidden = false;
}

function receive(data) {
  if (data.genres) {
    info = data.info;
    nameGenres(data.genres, info);
    $("model").textContent = `It knows ${data.genres.length} genres: ${data.genres.join(", ")}. Its model is a file of ${Math.round(info.bytes / 1000)} KB.`;
    document.body.dataset.ready = "true";
    return;
  }
  if (data.error) {
    const source = active?.source;
    stopMicrophone();
    return fail(source ? `${source}: ${data.error}` : data.error);
  }
  if (!active) return;
  // the demo tune, before its answers
  if (data.sound) return void (active.url = URL.createObjectURL(wav(data.sound, data.rate)));
  if (data.column) {
    active.columns.push(data.column);
    if (active.columns.length > MOST_COLUMNS) forget(active);
    active.seconds = (active.dropped + active.columns.length) / info.columnsPerSecond;
    if (shown === active) later();
    return;
  }
  hear(active, data.result);
  adopt(active);
  if (data.done) finish(active, data.result);
  later();
}

/** Drops the oldest half, so that the picture shows the newest minutes. */
function forget(session) {
  const count = session.columns.length >> 1;
  session.columns.splice(0, count);
  session.dropped += count;
  const seconds = count / info.columnsPerSecond;
  session.windows = session.windows
    .map((window) => ({ ...window, start: window.start - seconds, end: window.end - seconds }))
    .filter(({ start }) => start >= 0);
}

/** Adds the windows of a result. Each is drawn over the hop around its middle. */
function hear(session, result) {
  const fresh = result.windows > (session.result?.windows ?? 0);
  session.result = result;
  if (!fresh) return;
  const music = result.windowState === "music";
  const [genre, probability] = music ? ranked(result.window)[0] : [result.windowState, 0];
  const offset = session.dropped / info.columnsPerSecond;
  const middle = (result.windows - 1) * info.hopSeconds + info.windowSeconds / 2 - offset;
  const start = session.windows.length ? session.windows.at(-1).end : Math.max(0, middle - info.windowSeconds / 2);
  session.windows.push({ genre, probability, music, start, end: middle + info.hopSeconds / 2 });
}

function finish(session, result) {
  session.done = true;
  session.seconds = result.seconds - session.dropped / info.columnsPerSecond;
  const last = session.windows.at(-1);
  if (last) last.end = Math.max(last.start, session.seconds);
  session.said = `Heard ${clock(result.seconds)}: ${headline(result)}. ${certainty(result)}${result.warnings.map((note) => ` ${sentence(note)}`).join("")}`;
  $("status").textContent = session.said;
  $("spectrogram").setAttribute("aria-label", `Spectrogram of ${session.source}, ${clock(result.seconds)}`);
  end();
}

function later() {
  if (due) return;
  due = true;
  requestAnimationFrame(() => {
    due = false;
    render();
  });
}

function render() {
  if (!shown || !info) return;
  showAnswer(shown);
  showCourse(shown, info);
  showPlayer();
  if (active?.duration) $("bar").value = Math.min(1, active.seconds / active.duration);
}

function showPlayer() {
  const playable = shown?.done && $("player").dataset.silent !== "true";
  $("player").hidden = !playable;
  $("unplayable").hidden = !(shown?.done && shown.url && !playable);
  $("playhead").hidden = !playable;
  if (!playable) return;
  $("seek").max = shown.seconds;
  showMoment(Number($("seek").value));
}

function showMoment(seconds) {
  if (!shown?.done) return;
  const at = Math.min(seconds, shown.seconds);
  $("seek").value = at;
  $("seek").setAttribute("aria-valuetext", moment(shown, at));
  $("now").textContent = moment(shown, at);
  $("playhead").style.left = `${(100 * at) / shown.seconds}%`;
}

async function hearFile(file) {
  await stopMicrophone();
  const mine = begin(file.name, file);
  if (file.size === 0) return fail(`${file.name}: the file is empty`);
  measure(mine);
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (mine === active) worker.postMessage({ file: bytes }, [bytes.buffer]);
}

/** Finds the length, if the browser knows the format, so that progress can be shown. */
function measure(session) {
  const probe = new Audio();
  probe.preload = "metadata";
  probe.addEventListener("loadedmetadata", () => {
    if (Number.isFinite(probe.duration)) session.duration = probe.duration;
  });
  probe.src = session.url;
}

async function startMicrophone() {
  const mine = begin("the microphone");
  try {
    const waiting = [];
    const opened = await openMicrophone((samples) => {
      if (mine !== active) return;
      if (microphone) worker.postMessage({ samples }, [samples.buffer]);
      else waiting.push(samples);
    });
    if (mine !== active) return void opened.stop();
    microphone = opened;
    worker.postMessage({ rate: opened.rate });
    for (const samples of waiting) worker.postMessage({ samples });
    $("microphone").setAttribute("aria-pressed", "true");
    $("microphone").textContent = "Stop listening";
    adopt(mine);
    $("status").textContent = firstAnswer();
  } catch (error) {
    if (mine !== active) return;
    fail(error.name === "NotAllowedError" ? "The microphone was not allowed." : `There is no microphone to listen with: ${error.message}`);
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
  worker.postMessage({ finish: true });
});
$("demo").addEventListener("click", async () => {
  await stopMicrophone();
  begin("the demo tune, made by this page");
  worker.postMessage({ demo: true });
});
$("cancel").addEventListener("click", async () => {
  await stopMicrophone();
  startWorker();
  giveUp();
});
$("play").addEventListener("click", () => player.toggle());
$("seek").addEventListener("input", ({ target }) => player.seek(Number(target.value)));
$("tracks").addEventListener("click", (event) => {
  if ($("player").hidden) return;
  const { left, width } = $("tracks").getBoundingClientRect();
  player.seek(((event.clientX - left) / width) * shown.seconds);
});

// files can be dropped anywhere
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

startWorker();
// offline from the second visit on
navigator.serviceWorker?.register("sw.js").catch(() => {});
