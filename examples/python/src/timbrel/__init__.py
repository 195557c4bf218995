"""Recognise the genre of music on the device.

Classify a file, or an array of samples, at once:

>>> import timbrel
>>> timbrel.classify_file("song.mp3").genre                     # doctest: +SKIP
'jazz'
>>> timbrel.classify(samples, sample_rate=44100).probabilities  # doctest: +SKIP
{'blues': 0.01, ...}

Classify audio that arrives in portions:

>>> with timbrel.Classifier(44100, channels=2) as classifier:   # doctest: +SKIP
...     for block in microphone:
...         if classifier.push(block):
...             print(classifier.result().genre)
"""

from ._answers import NO_LIMITS, Cost, ModelInfo, Prediction, State, Window
from ._classifier import Classifier, classify, classify_file, model_info, timeline
from ._library import Status, TimbrelError, library_version

__version__ = library_version()

__all__ = [
    "NO_LIMITS",
    "Classifier",
    "Cost",
    "ModelInfo",
    "Prediction",
    "State",
    "Status",
    "TimbrelError",
    "Window",
    "__version__",
    "classify",
    "classify_file",
    "library_version",
    "model_info",
    "timeline",
]
