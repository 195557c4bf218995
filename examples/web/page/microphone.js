// The microphone as blocks of samples.

/** Start the microphone; `onSamples` gets Float32Arrays. Resolves to { rate, stop }. */
export async function openMicrophone(onSamples) {
  const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 };
  const stream = await navigator.mediaDevices.getUserMedia({ audio });
  const context = new AudioContext();
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
