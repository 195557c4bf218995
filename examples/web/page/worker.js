// Listens beside the page, so that it stays responsive. Messages in: { job, file | demo | rate | samples | finish }.
// Messages out: { job, column | result | done | error, … }.
import { Timbrel } from "./timbrel/index.js";

const ready = Timbrel.load();
let listener = null;

function watch(job) {
  return {
    onColumn: (column) => postMessage({ job, column }, [column.buffer]),
    onWindow: (result) => postMessage({ job, result }),
  };
}

async function hear({ job, file, demo, rate, samples, finish }) {
  const timbrel = await ready;
  if (file) return timbrel.classify(file, watch(job));
  if (demo) return timbrel.demo(watch(job));
  if (rate) listener = timbrel.listen({ sampleRate: rate, ...watch(job) });
  if (samples) listener.push(samples);
  return finish ? listener.finish() : null;
}

// one after the other, also while the module is still being fetched
let queue = Promise.resolve();
addEventListener("message", ({ data }) => {
  queue = queue.then(async () => {
    try {
      const result = await hear(data);
      if (result) postMessage({ job: data.job, result, done: true });
    } catch (error) {
      postMessage({ job: data.job, error: error.message });
    }
  });
});

ready.then(
  ({ genres, info }) => postMessage({ genres, info }),
  (error) => postMessage({ error: `Timbrel could not be loaded: ${error.message}` }),
);
