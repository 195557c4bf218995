"""The network of a recipe in PyTorch, and the recipe's optimiser."""

import torch
from torch import nn


class Standardise(nn.Module):
    def forward(self, x):
        centred = x - x.mean((2, 3), keepdim=True)
        return centred / (centred.square().mean((2, 3), keepdim=True) + 1e-5).sqrt()


class Mean(nn.Module):
    def forward(self, x):
        return x.mean((2, 3))


class Recurrent(nn.Module):
    """The last state after reading column after column."""

    def __init__(self, kind, inputs, units):
        super().__init__()
        self.layer = kind(inputs, units, batch_first=True)

    def forward(self, x):
        sequence = x.permute(0, 3, 1, 2).flatten(2)
        return self.layer(sequence)[0][:, -1]


def block(inputs, keys):
    channels, kernel = keys["channels"], keys["kernel"]
    norm = keys.get("norm", "before-relu")
    if keys.get("branches"):
        raise SystemExit("this comparison has no branches")
    layers = [
        nn.Conv2d(
            inputs,
            channels,
            kernel,
            stride=keys.get("stride", 1),
            padding=kernel // 2,
            groups=inputs if keys.get("depthwise") else 1,
            bias=norm != "before-relu",
        ),
        nn.ReLU(),
    ]
    if norm != "none":
        layers.insert(1 if norm == "before-relu" else 2, nn.BatchNorm2d(channels))
    if keys.get("pool", 1) != 1:
        layers.append(nn.MaxPool2d(keys["pool"]))
    if keys.get("dropout"):
        layers.append(nn.Dropout(keys["dropout"]))
    return layers


def reduction(keys, shape):
    """The layer that makes a vector of `shape`, and the vector's length."""
    channels, bins, columns = shape
    match keys.get("reduce", "mean"):
        case "mean":
            return Mean(), channels
        case "flatten":
            return nn.Flatten(), channels * bins * columns
        case "lstm":
            return Recurrent(nn.LSTM, channels * bins, keys["units"]), keys["units"]
        case "gru":
            return Recurrent(nn.GRU, channels * bins, keys["units"]), keys["units"]
        case "adaptive":
            bins, columns = keys["places"]
            pool = nn.AdaptiveAvgPool2d((bins, columns))
            return nn.Sequential(pool, nn.Flatten()), channels * bins * columns


def build(recipe, classes):
    keys = recipe["network"]
    if any(key in keys for key in ("cepstra", "resize", "quantised")):
        raise SystemExit("this comparison has no cepstra, resize or quantised")
    layers, channels = [], 1
    if keys.get("standardise"):
        layers.append(Standardise())
    for block_keys in keys["blocks"]:
        layers += block(channels, block_keys)
        channels = block_keys["channels"]
    probe = torch.zeros(1, 1, recipe["front_end"]["n_mels"], recipe["window"]["columns"])
    with torch.no_grad():
        shape = nn.Sequential(*layers).eval()(probe).shape[1:]
    layer, size = reduction(keys, shape)
    layers += [layer, nn.Dropout(keys.get("dropout", 0))]
    for hidden in keys.get("hidden", []):
        layers += [nn.Linear(size, hidden["units"]), nn.ReLU(), nn.Dropout(hidden.get("dropout", 0))]
        size = hidden["units"]
    return nn.Sequential(*layers, nn.Linear(size, classes)).train()


def optimiser(recipe, parameters):
    keys = recipe["training"]
    kind = torch.optim.Adam if keys.get("optimiser") == "adam" else torch.optim.AdamW
    return kind(parameters, lr=keys["peak_learning_rate"], weight_decay=keys["weight_decay"])
