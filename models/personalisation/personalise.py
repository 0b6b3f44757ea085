"""From a base estimator and one photograph to a person's own estimator."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from models.device import compute_device
from models.estimators.augment import Augment
from models.estimators.compact import Compact, head_parameters
from models.estimators.config import Method
from models.estimators.estimator import Estimator
from models.estimators.faces import (
    Augmentation,
    Batch,
    Batches,
    ImageArray,
    LabelledFaces,
    MixedBatches,
    PeopleBatches,
    to_tensor,
)
from models.estimators.networks import Network
from models.estimators.objective import Objective, both_heads, level_classes
from models.estimators.training import TrainingConfig, train
from models.generators.base import Generator
from models.personalisation.drawings import drawn_faces
from models.personalisation.recipes import Recipe, default_recipe
from models.registration.face import RegisteredFace


class InterruptedPersonalisationError(RuntimeError):
    """`should_stop` said so before the estimator was ready."""


def personalise(
    base: Estimator,
    face: RegisteredFace,
    generator: Generator,
    method: Method,
    recipe: Recipe | None = None,
    *,
    rehearsal: LabelledFaces | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Estimator:
    """An estimator of one person's faces, on the CPU; `base` stays as it is.

    Fine-tuning takes the GPU where there is one.

    Args:
        base: what to start from.
        face: the person's neutral face, registered as `base` wants it.
        generator: draws the person's expressions, for fine-tuning.
        method: "one-frame" compares every face with `face` and trains nothing; "fine-tune" trains
            on drawings of the person; "both" does one after the other.
        recipe: of the fine-tuning; the architecture's default if not given.
        rehearsal: general faces (inputs of the network) to train on between the drawings.
        seed: of drawings, batches and dropout.
        progress: told (steps done, steps in all).
        should_stop: asked before each step.

    Raises:
        ValueError: the face is registered in another way than the base needs, or the method is
            none of these.
        models.estimators.estimator.CannotCompareError: one-frame with a network that cannot.
        InterruptedPersonalisationError: stopped.
    """
    if face.kind != base.config.registration:
        raise ValueError(
            f"the estimator reads faces registered in {base.config.registration}, "
            f"this one is registered in {face.kind}"
        )
    if method == "generic":
        raise ValueError("choose one-frame, fine-tune or both")
    if method == "one-frame":
        return base.calibrated(face)
    recipe = recipe or default_recipe(base.config.architecture)
    tuned = _fine_tuned(base, face, generator, recipe, rehearsal, seed, progress, should_stop)
    return tuned.calibrated(face) if method == "both" else tuned


def _fine_tuned(
    base: Estimator,
    face: RegisteredFace,
    generator: Generator,
    recipe: Recipe,
    rehearsal: LabelledFaces | None,
    seed: int,
    progress: Callable[[int, int], None],
    should_stop: Callable[[], bool],
) -> Estimator:
    config = base.config
    if config.normalisation != "none":
        raise ValueError("a normalised estimator is personal already: give it the neutral face")
    device = compute_device()
    network = copy.deepcopy(base.network).to(device)
    drawn = drawn_faces(face, generator, base.aus, config.architecture, seed)
    batches, steps = _batches(drawn, recipe, rehearsal, seed)
    parameters = _moving(network, recipe)
    for parameter in parameters:
        parameter.requires_grad_(True)
    objective: Objective = both_heads if isinstance(network, Compact) else level_classes
    result = train(
        network,
        _anchored(objective, parameters, recipe.anchor) if recipe.anchor else objective,
        batches,
        TrainingConfig(
            steps, recipe.learning_rate, average=recipe.average, keep_last=True, seed=seed
        ),
        parameters=parameters,
        progress=progress,
        should_stop=should_stop,
        prepare=_statistics_kept,
    )
    if not result.finished:
        raise InterruptedPersonalisationError(f"stopped after {result.step} of {steps} steps")
    network.to(torch.device("cpu"))
    if recipe.share < 1:
        blend(network, base.network, recipe.share)
    lineage = {
        **config.lineage,
        "personalised": {"generator": generator.name, "recipe": vars(recipe), "seed": seed},
    }
    return Estimator(
        replace(config, method="fine-tune", lineage=lineage),
        network,
        card=base.card,
        precision=base.precision,
    )


@dataclass(frozen=True, eq=False)
class _Epochs:
    """Every drawing once an epoch, in an order of its own; the neutral face beside each batch."""

    faces: LabelledFaces
    augment: Augmentation
    size: int
    seed: int

    def batch(self, step: int) -> Batch:
        count = len(self.faces.images)
        per_epoch = -(-count // self.size)
        epoch, place = divmod(step, per_epoch)
        order = np.random.default_rng((self.seed, 1, epoch)).permutation(count)
        rows = order[place * self.size : (place + 1) * self.size]
        images = np.concatenate([self.faces.images[rows], self.faces.neutrals])
        varied = self.augment(images, np.random.default_rng((self.seed, 2, step)))
        return Batch(
            images=varied[: len(rows)],
            labels=torch.from_numpy(self.faces.labels[rows]),
            neutrals=varied[len(rows) :],
            neutral_of=torch.zeros(len(rows), dtype=torch.int64),
        )


def _batches(
    drawn: LabelledFaces, recipe: Recipe, rehearsal: LabelledFaces | None, seed: int
) -> tuple[Batches, int]:
    steps = recipe.epochs * -(-len(drawn.images) // recipe.batch)
    augment: Augmentation = Augment() if recipe.varied else _plain
    own = _Epochs(drawn, augment, recipe.batch, seed)
    if rehearsal is None or not recipe.rehearsal:
        return own, steps
    count = max(1, round(recipe.batch * recipe.rehearsal / (1 - recipe.rehearsal) / 3))
    general = PeopleBatches(rehearsal, augment, people=count, per_person=3, seed=seed)
    return MixedBatches((own, general)), steps


def _plain(images: ImageArray, rng: np.random.Generator) -> torch.Tensor:
    return to_tensor(images)


def blend(tuned: Network, base: Network, share: float) -> None:
    """Put `tuned` on the line from the base's weights (0) to its own (1), in place."""
    with torch.no_grad():
        for mine, origin in zip(tuned.parameters(), base.parameters(), strict=True):
            mine.lerp_(origin, 1 - share)


def _moving(network: Network, recipe: Recipe) -> list[nn.Parameter]:
    if isinstance(network, Compact):
        heads = list(head_parameters(network))
        return heads if recipe.layers == "heads" else list(network.parameters())
    if recipe.layers == "heads":
        return list(network.classifier.parameters())
    return network.trained_parameters()


def _anchored(objective: Objective, parameters: list[nn.Parameter], strength: float) -> Objective:
    """The objective with a pull towards the weights as they are now."""
    start = [parameter.detach().clone() for parameter in parameters]

    def anchored(network: nn.Module, batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
        loss, parts = objective(network, batch)
        for parameter, origin in zip(parameters, start, strict=True):
            loss = loss + strength * (parameter - origin).square().sum()
        return loss, parts

    return anchored


def _statistics_kept(network: nn.Module) -> None:
    """Batch normalisation goes on with the base's statistics: one person's would replace them."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
