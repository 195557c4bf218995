// Listens beside the page, so that it stays responsive. Messages in: { file | demo | rate | samples | finish }.
// Messages out: { genres, info }, { column | sound | result | done | error, … }. The page ends the worker to cancel.
import { Timbrel } from "./timbrel/index.js";

const ready = Timbrel.load();
let listener = null;

const watch = {
  onColumn: (column) => postMessage({ column }, [column.buffer]),
  onWindow: (result) => postMessage({ result }),
};

async function hear({ file, demo, rate, samples, finish }) {
  const timbrel = await ready;
  if (file) return timbrel.classify(file, watch);
  if (demo) {
    const { samples: sound, sampleRate } = timbrel.demoTune();
    postMessage({ sound, rate: sampleRate });
    return timbrel.demo(watch);
  }
  if (rate) listener = timbrel.listen({ sampleRate: rate, ...watch });
  if (samples) listener.push(samples);
  return finish ? listener.finish() : null;
}

// one after the other, also while the module is still being fetched
let queue = Promise.resolve();
addEventListener("message", ({ data }) => {
  queue = queue.then(async () => {
    try {
      const result = await hear(data);
      if (result) postMessage({ result, done: true });
    } catch (error) {
      postMessage({ error: error.message });
    }
  });
});

ready.then(
  ({ genres, info }) => postMessage({ genres, info }),
  (error) => postMessage({ error: `Timbrel could not be loaded: ${error.message}` }),
);
