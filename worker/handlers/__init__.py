"""What each kind of job does: one file a kind, entered in one table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Final, cast

from service.jobs.contracts import (
    CORPUS,
    CORPUS_SHARD,
    DATASET,
    DATASET_SHARD,
    ESTIMATE,
    EVALUATE,
    EXPRESSIONS,
    PERSONALISE,
    TRAIN,
    TRAIN_GENERATOR,
)
from worker.work import Handler

_PLACES: Final = {
    EXPRESSIONS: "worker.handlers.expressions:draw_expressions",
    CORPUS: "worker.handlers.corpora:import_corpus",
    CORPUS_SHARD: "worker.handlers.corpora:register_frames",
    DATASET: "worker.handlers.datasets:build_dataset",
    DATASET_SHARD: "worker.handlers.dataset_shards:draw_shard",
    ESTIMATE: "worker.handlers.estimates:read_images",
    EVALUATE: "worker.handlers.evaluations:evaluate_model",
    PERSONALISE: "worker.handlers.personalise:make_personal",
    TRAIN: "worker.handlers.training:train_model",
    TRAIN_GENERATOR: "worker.handlers.generators:train_generator",
}


class Handlers(Mapping[str, Handler]):
    """Handlers by kind of job, each loaded when its first job comes.

    Some bring along a second of imports; a worker that starts anew after a death should not make
    its first job wait for those of kinds it never sees.
    """

    def __getitem__(self, kind: str) -> Handler:
        module, _, name = _PLACES[kind].partition(":")
        return cast(Handler, getattr(import_module(module), name))

    def __iter__(self) -> Iterator[str]:
        return iter(_PLACES)

    def __len__(self) -> int:
        return len(_PLACES)


HANDLERS: Final = Handlers()
