"""The linear maps from this project's spectrogram to the one that MSD_musicnn was trained on.

Both are mel spectrograms in decibels: 128 bands to 11,025 Hz with a column every 512 samples at 22,050 Hz here, 96 bands to
8,000 Hz with a column every 256 samples at 16,000 Hz there. Bands and columns are interpolated linearly between the two
nearest.
"""

import numpy as np

RATE, HOP, BANDS, TOP = 22050, 512, 128, 11025.0
# columns of a window
WINDOW = 128
TEACHER_RATE, TEACHER_HOP, TEACHER_BANDS, TEACHER_TOP = 16000, 256, 96, 8000.0

# decibels of the loudest cell of a window in the scale of the network's spectrogram; `gain.py` finds a median of 17.5 for 69
# windows of train tracks, and 80 % between 12.8 and 22.5
GAIN_DB = 17.0


def mel_centres(bands, top):
    """Return the centres in Hz of Slaney's mel bands from 0 Hz to `top`."""
    step = 200.0 / 3.0
    ratio = np.log(6.4) / 27.0
    mel = np.where(top < 1000.0, top / step, 15.0 + np.log(max(top, 1000.0) / 1000.0) / ratio)
    mels = np.linspace(0.0, mel, bands + 2)[1:-1]
    return np.where(mels < 15.0, mels * step, 1000.0 * np.exp(ratio * (mels - 15.0)))


def between(places, grid):
    """Return the matrix [place, grid] that interpolates values on a grid, and holds those at its ends beyond them."""
    left = np.clip(np.searchsorted(grid, places, side="right") - 1, 0, len(grid) - 2)
    share = np.clip((places - grid[left]) / (grid[left + 1] - grid[left]), 0.0, 1.0)
    matrix = np.zeros((len(places), len(grid)))
    matrix[np.arange(len(places)), left] = 1.0 - share
    matrix[np.arange(len(places)), left + 1] += share
    return matrix


def bands():
    """Return the matrix [96, 128] from this project's bands to the teacher's."""
    return between(mel_centres(TEACHER_BANDS, TEACHER_TOP), mel_centres(BANDS, TOP))


def times(columns):
    """Return the matrix [columns, frames] from this project's columns to the teacher's frames within them."""
    end = (columns - 1) * HOP / RATE
    places = np.arange(int(end * TEACHER_RATE / TEACHER_HOP) + 1) * TEACHER_HOP / TEACHER_RATE
    return between(places, np.arange(columns) * HOP / RATE).T


def cells(matrix):
    """Return the interpolation of a matrix as u16 [place, (first, share)], shares in 1/256."""
    first = np.minimum((matrix > 0.0).argmax(1), matrix.shape[1] - 2)
    share = matrix[np.arange(len(matrix)), first + 1]
    return np.stack([first, np.rint(share * 256.0)], 1).astype(np.uint16)
