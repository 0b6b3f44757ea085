"""Small estimators and labelled faces for tests."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import torch

from models.estimators.compact import Compact, CompactConfig
from models.estimators.config import EstimatorConfig
from models.estimators.estimator import Estimator
from models.estimators.faces import LabelledFaces

# PyTorch 2.13 on a CPU has been seen to crash in the backward pass of 8 channels on several cores.
SMALL = CompactConfig(au_count=2, stem=16, widths=(16, 32), blocks=(1, 1), compare=16, dropout=0.1)
AUS = ("AU06", "AU12")


def small_network(seed: int = 0) -> Compact:
    """A compact network of a few thousand parameters for AU06 and AU12."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Compact(SMALL)


def small_estimator(seed: int = 0) -> Estimator:
    """An estimator around `small_network`."""
    shape = json.loads(json.dumps(asdict(SMALL)))  # lists, as a checkpoint's file gives them back
    return Estimator(EstimatorConfig("compact", AUS, network=shape), small_network(seed))


def bright_mouths(count: int = 48, people: int = 4, seed: int = 0) -> LabelledFaces:
    """Pictures whose two labels are the brightness of their upper and lower half."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 6, (count, 2)).astype(np.float32)
    images = rng.integers(40, 60, (count, 32, 24, 3)).astype(np.float32)
    images[:, :16] += labels[:, 0, None, None, None] * 35
    images[:, 16:] += labels[:, 1, None, None, None] * 35
    neutrals = rng.integers(40, 60, (people, 32, 24, 3), np.uint8)
    return LabelledFaces(images.astype(np.uint8), labels, rng.integers(0, people, count), neutrals)
