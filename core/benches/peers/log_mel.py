#!/usr/bin/env python3
"""Time log-mel columns beside other libraries, interleaved, on one thread.

    python3 -m venv venv && venv/bin/pip install -r core/benches/peers/requirements.txt -r core/benches/peers/log_mel.txt
    cargo build --release -p timbrel-core --example columns
    venv/bin/python core/benches/peers/log_mel.py [--runs N] [--seconds N] [--program PATH]

All compute 128 mel bands of frames of 2,048 samples of the same noise at 22,050 Hz, in decibels or as a logarithm. Prints,
for each hop, the median and the least time per column, and the ratio of the medians (larger is slower than Timbrel).
A library that is not installed is left out.
"""

import argparse
import os
import platform
import statistics
import subprocess
import time
from pathlib import Path

# before the libraries start their threads
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np

ROOT = Path(__file__).resolve().parents[3]
RATE, FRAME, BANDS = 22_050, 2_048, 128


def librosa_columns(hop):
    import librosa

    def columns(samples):
        mel = librosa.feature.melspectrogram(y=samples, sr=RATE, n_fft=FRAME, hop_length=hop, n_mels=BANDS)
        return librosa.power_to_db(mel, top_db=None).shape[1]

    return f"librosa {librosa.__version__}", columns


def torchaudio_columns(hop):
    import torch
    import torchaudio

    torch.set_num_threads(1)
    mel = torchaudio.transforms.MelSpectrogram(
        RATE, n_fft=FRAME, hop_length=hop, n_mels=BANDS, norm="slaney", mel_scale="slaney"
    )
    decibels = torchaudio.transforms.AmplitudeToDB()

    def columns(samples):
        with torch.inference_mode():
            return decibels(mel(torch.from_numpy(samples))).shape[-1]

    return f"torchaudio {torchaudio.__version__}", columns


def kaldi_columns(hop):
    import kaldi_native_fbank

    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.samp_freq = RATE
    options.frame_opts.frame_length_ms = 1e3 * FRAME / RATE
    options.frame_opts.frame_shift_ms = 1e3 * hop / RATE
    options.frame_opts.window_type = "hann"
    options.frame_opts.dither = 0
    options.frame_opts.preemph_coeff = 0
    options.frame_opts.remove_dc_offset = False
    options.frame_opts.snip_edges = False
    options.mel_opts.num_bins = BANDS

    def columns(samples):
        online = kaldi_native_fbank.OnlineFbank(options)
        online.accept_waveform(RATE, samples)
        online.input_finished()
        return online.num_frames_ready

    return f"kaldi-native-fbank {kaldi_native_fbank.__version__}", columns


def timed(columns, samples):
    # processor time, so that other work of the machine counts little in these longer runs
    start = time.process_time_ns()
    count = columns(samples)
    return (time.process_time_ns() - start) / count


def ask(timbrel, hop, seconds):
    timbrel.stdin.write(f"{hop} {seconds}\n")
    timbrel.stdin.flush()
    nanoseconds, columns = map(int, timbrel.stdout.readline().split())
    return nanoseconds / columns


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=51)
    parser.add_argument("--seconds", type=int, default=10)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    parser.add_argument("--program", default=target / "release/examples/columns")
    arguments = parser.parse_args()
    timbrel = subprocess.Popen([arguments.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    samples = np.random.default_rng(1).uniform(-1, 1, RATE * arguments.seconds).astype(np.float32)
    print(f"{platform.machine()}; {arguments.seconds} s of noise, {arguments.runs} runs")
    for hop in (512, 1_708):
        runs = {"Timbrel": lambda: ask(timbrel, hop, arguments.seconds)}
        for make in (librosa_columns, torchaudio_columns, kaldi_columns):
            try:
                name, columns = make(hop)
            except ImportError as error:
                print(f"left out: {error}")
                continue
            runs[name] = lambda columns=columns: timed(columns, samples)
        times = {name: [] for name in runs}
        for run in runs.values():
            run()
        for _ in range(arguments.runs):
            for name, run in runs.items():
                times[name].append(run())
        report(hop, times)
    timbrel.stdin.close()


def report(hop, times):
    reference = statistics.median(times["Timbrel"])
    print(f"\n| hop {hop} | median, µs per column | least | ratio |\n|---|---:|---:|---:|")
    for name, found in sorted(times.items(), key=lambda item: statistics.median(item[1])):
        median = statistics.median(found)
        print(f"| {name} | {median / 1e3:.1f} | {min(found) / 1e3:.1f} | {median / reference:.2f} |", flush=True)


if __name__ == "__main__":
    main()
