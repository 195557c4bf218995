// The microphone as blocks of samples.
import { SAMPLE_RATES } from "./timbrel/index.js";

/** Start the microphone; `onSamples` gets Float32Arrays. Resolves to { rate, stop }. */
export async function openMicrophone(onSamples) {
  const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 };
  const stream = await navigator.mediaDevices.getUserMedia({ audio });
  const context = await contextFor(stream);
  await context.audioWorklet.addModule("recorder.js");
  const source = context.createMediaStreamSource(stream);
  const recorder = new AudioWorkletNode(context, "recorder", { numberOfOutputs: 0 });
  recorder.port.onmessage = ({ data }) => onSamples(data);
  source.connect(recorder);
  return {
    rate: context.sampleRate,
    stop() {
      source.disconnect();
      for (const track of stream.getTracks()) track.stop();
      return context.close();
    },
  };
}

/** Return a context at the device's own rate where Timbrel takes it, else at 48 kHz. */
async function contextFor(stream) {
  const context = new AudioContext();
  if (SAMPLE_RATES.includes(context.sampleRate)) return context;
  await context.close();
  try {
    return new AudioContext({ sampleRate: 48000 });
  } catch (error) {
    for (const track of stream.getTracks()) track.stop();
    throw error;
  }
}
