"""Batches of crops as train/src/training/batch.rs and augment.rs make them, in numpy."""

import numpy as np

STEPS_PER_DB = 255 / 80


def augmented(crop, keys, rng):
    bins, columns = crop.shape
    shift = rng.integers(-keys["shift_bins"], keys["shift_bins"] + 1)
    crop = crop[np.clip(np.arange(bins) + shift, 0, bins - 1)]
    ends = keys["tilt_db"] * rng.uniform(-1, 1, 2)
    offset = np.linspace(ends[0], ends[1], bins, endpoint=False, dtype=np.float32)
    db = crop.astype(np.float32) / STEPS_PER_DB + offset[:, None]
    db -= db.max()
    out = np.rint((np.maximum(db, -80) + 80) * STEPS_PER_DB).astype(np.uint8)
    mean = int(out.mean())
    for _ in range(keys["frequency_masks"]):
        size = rng.integers(0, keys["frequency_mask_bins"] + 1)
        start = rng.integers(0, bins - size + 1)
        out[start : start + size] = mean
    for _ in range(keys["time_masks"]):
        size = rng.integers(0, keys["time_mask_columns"] + 1)
        start = rng.integers(0, columns - size + 1)
        out[:, start : start + size] = mean
    return out


def batches(logmel, labels, pieces, recipe, classes, rng):
    """Inputs [crop, 1, bin, column] and targets [crop, class] of one epoch. `pieces` is (track, start), where
    a start of -1 is drawn."""
    keys, columns = recipe["augment"], recipe["window"]["columns"]
    size, smoothing = recipe["training"]["batch"], recipe["training"]["label_smoothing"]
    order = rng.permutation(np.repeat(pieces, keys["crops_per_track"], axis=0))
    for at in range(0, len(order) - size + 1, size):
        tracks, starts = order[at : at + size].T
        drawn = rng.integers(0, logmel.shape[2] - columns + 1, size)
        starts = np.where(starts < 0, drawn, starts)
        crops = np.stack(
            [augmented(logmel[t, :, s : s + columns], keys, rng) for t, s in zip(tracks, starts)]
        ).astype(np.float32)
        targets = np.eye(classes, dtype=np.float32)[labels[tracks]]
        if keys["mixup_alpha"] > 0:
            other = rng.integers(0, size, size)
            weight = rng.beta(keys["mixup_alpha"], keys["mixup_alpha"], size).astype(np.float32)
            weight = np.maximum(weight, 1 - weight)
            crops = weight[:, None, None] * crops + (1 - weight[:, None, None]) * crops[other]
            targets = weight[:, None] * targets + (1 - weight[:, None]) * targets[other]
        yield crops[:, None], (1 - smoothing) * targets + smoothing / classes
