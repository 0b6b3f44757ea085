"""What can be wrong with a checkpoint that is sent."""

from __future__ import annotations

from typing import Final

from service.errors.base import ProblemError


class CheckpointProblemError(ProblemError):
    """The file is not a checkpoint of an estimator."""

    code, title, status = "bad-checkpoint", "The checkpoint cannot be used", 422


class PickledCheckpointError(CheckpointProblemError):
    """The file is a pickle or holds one; it is refused unread, as reading it could run any code."""

    code, title = "pickled-checkpoint", "The checkpoint is a pickle"


class CorruptCheckpointError(CheckpointProblemError):
    """The file is damaged, or not a zip of model.safetensors, config.json and README.md."""

    code, title = "corrupt-checkpoint", "The checkpoint is damaged"


class CheckpointTooLargeError(CheckpointProblemError):
    """The checkpoint is larger than any estimator."""

    code, title, status = "checkpoint-too-large", "The checkpoint is too large", 413


class CheckpointMismatchError(CheckpointProblemError):
    """Weights and configuration of the checkpoint do not fit each other."""

    code, title = "checkpoint-mismatch", "The checkpoint contradicts itself"


class OtherRunError(CheckpointProblemError):
    """The state of a training is of a run with other data, another configuration or another base.
    Only seen as a job's error."""

    code, title = "other-run", "The state is of another training"


CHECKPOINT_PROBLEMS: Final = (
    PickledCheckpointError,
    CorruptCheckpointError,
    CheckpointMismatchError,
    CheckpointTooLargeError,
)
