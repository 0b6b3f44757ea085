"""What each kind of job does: one file a kind, entered in one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from service.jobs.contracts import (
    CORPUS,
    CORPUS_SHARD,
    DATASET,
    DATASET_SHARD,
    ESTIMATE,
    EXPRESSIONS,
    PERSONALISE,
    TRAIN,
)
from worker.handlers.corpora import import_corpus, register_frames
from worker.handlers.dataset_shards import draw_shard
from worker.handlers.datasets import build_dataset
from worker.handlers.estimates import read_images
from worker.handlers.expressions import draw_expressions
from worker.handlers.personalise import make_personal
from worker.handlers.training import train_model
from worker.work import Handler

HANDLERS: Final[Mapping[str, Handler]] = {
    EXPRESSIONS: draw_expressions,
    CORPUS: import_corpus,
    CORPUS_SHARD: register_frames,
    DATASET: build_dataset,
    DATASET_SHARD: draw_shard,
    ESTIMATE: read_images,
    PERSONALISE: make_personal,
    TRAIN: train_model,
}
