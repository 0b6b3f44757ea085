"""What a learned generator is, how one is trained, and what it can be asked for. No torch."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from models.checkpoints import CheckpointMismatchError
from models.facs import SIDES, SUPPORTED_AUS, UnknownActionUnitError, split_side
from models.registration.face import FACE_SIZE, RegistrationKind

FloatArray = npt.NDArray[np.float32]

Kind = Literal["ganimation", "stargan"]
Precision = Literal["float32", "bfloat16"]
FORMAT: Final = 1


class UndrawableTargetError(ValueError):
    """A target names what the generator was not trained to draw; `au` is the AU."""

    code = "undrawable-target"

    def __init__(self, message: str, au: str) -> None:
        super().__init__(message)
        self.au = au


@dataclass(frozen=True)
class GeneratorConfig:
    """A learned generator, without its weights.

    Attributes:
        kind: "ganimation" draws a colour and how much of the source to keep (Pumarola et al.
            2018); "stargan" draws the whole image (Choi et al. 2018).
        aus: the AUs it is told, in the order of its input planes. ``AU12`` is the stronger of
            both sides, ``AU12L`` and ``AU12R`` are sides of their own.
        registration: how faces must be registered.
        size: side of the images it computes on, a multiple of 4.
        channels: after the first convolution; four times as many in the middle.
        blocks: residual blocks.
        stem_norm: instance norm after the first convolution too, as published. Off, because the
            norm takes away from each image what constant AU planes add, all but a rim of 3 pixels.
        lineage: where it comes from: data, seeds, licences, how it was trained.
    """

    kind: Kind = "ganimation"
    aus: tuple[str, ...] = SUPPORTED_AUS
    registration: RegistrationKind = "3d"
    size: int = FACE_SIZE
    channels: int = 64
    blocks: int = 6
    stem_norm: bool = False
    lineage: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _one_of("kind", self.kind, get_args(Kind))
        _one_of("registration", self.registration, get_args(RegistrationKind))
        _within("size", self.size, 16, 512)
        if self.size % 4:
            raise ValueError(f"size must be a multiple of 4, not {self.size}")
        _within("channels", self.channels, 1, 256)
        _within("blocks", self.blocks, 0, 32)
        if not self.aus:
            raise ValueError("aus names no AU")
        sides = [side for name in self.aus for side in _sides(name)]
        if len(set(sides)) != len(sides):
            raise ValueError(f"aus names a side of a face twice: {', '.join(self.aus)}")

    def as_json(self) -> dict[str, Any]:
        """A plain mapping for ``config.json``."""
        return {"format": FORMAT, **dataclasses.asdict(self), "aus": list(self.aus)}

    @classmethod
    def parse(cls, config: Mapping[str, Any]) -> GeneratorConfig:
        """Check what a ``config.json`` holds; the reverse of `as_json`.

        Raises:
            CheckpointMismatchError: a key is missing, unknown or holds something else.
        """
        kind = config.get("kind")
        if kind not in get_args(Kind):
            what = "an estimator's" if "architecture" in config else f"of {kind!r}"
            raise CheckpointMismatchError(
                f"The checkpoint is {what}; generators are {' and '.join(get_args(Kind))}."
            )
        if config.get("format") != FORMAT:
            raise CheckpointMismatchError(
                f"The checkpoint's format is {config.get('format')!r}; {FORMAT} is read."
            )
        known = {entry.name for entry in dataclasses.fields(cls)}
        unknown, missing = set(config) - known - {"format"}, {"kind", "aus"} - set(config)
        if unknown or missing:
            raise CheckpointMismatchError(
                f"config.json: unknown {sorted(unknown)}, missing {sorted(missing)}."
            )
        values = {key: config[key] for key in known & set(config)}
        for name, kind in _JSON_TYPES.items():
            if name in values and type(values[name]) is not kind:
                raise CheckpointMismatchError(f"config.json: {name} is {values[name]!r}.")
        if not all(isinstance(au, str) for au in values["aus"]):
            raise CheckpointMismatchError(f"config.json: aus are {values['aus']!r}.")
        try:
            return cls(**{**values, "aus": tuple(values["aus"])})
        except (ValueError, TypeError) as error:
            raise CheckpointMismatchError(f"config.json: {error}.") from error


_JSON_TYPES: Final[Mapping[str, type]] = {
    "aus": list, "size": int, "channels": int, "blocks": int, "stem_norm": bool, "lineage": dict,
}  # fmt: skip


@dataclass(frozen=True)
class LossWeights:
    """Weights of the losses; by default those of Niinuma et al. (2022, eq. 5).

    Attributes:
        image: of the critic's judgement of an image (eq. 1).
        penalty: of the critic's gradient, in eq. 1.
        expression: of the AU intensities that are read off an image (eq. 2).
        identity: of what a drawing and back leaves of the source (eq. 3).
        idiosyncratic: of the distance to the same person's real image (eq. 4).
        attention: of how much is drawn over; GANimation's own, not in Niinuma et al.
        smoothness: of the attention's total variation; likewise.
    """

    image: float = 1.0
    penalty: float = 10.0
    expression: float = 160.0
    identity: float = 10.0
    idiosyncratic: float = 1.0
    attention: float = 0.0
    smoothness: float = 0.0

    def __post_init__(self) -> None:
        for entry in dataclasses.fields(self):
            _within(entry.name, getattr(self, entry.name), 0, 1e6)


@dataclass(frozen=True)
class GanConfig:
    """One run of training.

    Attributes:
        generator: what is trained.
        losses: weights of the losses.
        steps: of the discriminator; the generator moves at every `critic_steps`-th.
        batch: pairs a step, over all processes.
        critic_steps: of the discriminator for each of the generator.
        learning_rate: of both (Adam with betas 0.5 and 0.999): constant for two thirds of the
            steps, then falling in a line to 0.
        average: decay, per step of the generator, of the running mean of its weights, which is
            what is kept.
        discriminator_channels: after its first convolution; each further one has twice as many.
        discriminator_layers: convolutions that halve the image.
        precision: of forward passes (autocast); weights and the gradient penalty stay float32.
        compile: compile the generator, which takes a C++ compiler or a GPU.
        sample_every: steps between sheets of samples; the last step has one too; 0 for none.
        seed: of weights, batches and the gradient penalty.
    """

    generator: GeneratorConfig = field(default_factory=GeneratorConfig)
    losses: LossWeights = field(default_factory=LossWeights)
    steps: int = 200_000
    batch: int = 16
    critic_steps: int = 5
    learning_rate: float = 1e-4
    average: float = 0.999
    discriminator_channels: int = 64
    discriminator_layers: int = 6
    precision: Precision = "bfloat16"
    compile: bool = False
    sample_every: int = 1_000
    seed: int = 0

    def __post_init__(self) -> None:
        _one_of("precision", self.precision, get_args(Precision))
        _within("steps", self.steps, 1, 100_000_000)
        _within("batch", self.batch, 1, 4_096)
        _within("critic_steps", self.critic_steps, 1, 1_000)
        _within("learning_rate", self.learning_rate, 0, 1)
        _within("average", self.average, 0, 0.999_999)
        _within("discriminator_channels", self.discriminator_channels, 1, 256)
        _within("discriminator_layers", self.discriminator_layers, 1, 8)
        _within("sample_every", self.sample_every, 0, 100_000_000)
        _within("seed", self.seed, 0, 2**31 - 1)
        if self.generator.size >> self.discriminator_layers < 1:
            raise ValueError(
                f"discriminator_layers: {self.discriminator_layers} halvings leave nothing of "
                f"{self.generator.size} pixels"
            )

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        return self.learning_rate * min(1.0, 3 * (1 - step / self.steps))

    def as_json(self) -> dict[str, Any]:
        """A plain mapping; equal for equal configurations."""
        return {**dataclasses.asdict(self), "generator": self.generator.as_json()}


def told(config: GeneratorConfig, intensities: FloatArray) -> FloatArray:
    """Sided intensities (N, 18, 2) in 0..5 as what the network is told: (N, A) in 0..1.

    AUs that the generator does not know are left out; see `check_targets`.
    """
    columns = [
        np.max([intensities[:, row, side] for row, side in _sides(name)], axis=0)
        for name in config.aus
    ]
    return np.asarray(np.stack(columns, axis=1) / 5, np.float32)


def drawable(config: GeneratorConfig, targets: FloatArray) -> FloatArray:
    """What is left of targets (N, 18, 2) when only what the generator is told counts."""
    out = np.zeros_like(targets)
    for name in config.aus:
        sides = _sides(name)
        strongest = np.max([targets[:, row, side] for row, side in sides], axis=0)
        for row, side in sides:
            out[:, row, side] = strongest
    return out


def check_targets(config: GeneratorConfig, targets: FloatArray) -> None:
    """Hold targets (N, 18, 2) to what the generator was trained to draw.

    Raises:
        UndrawableTargetError: an AU it does not know is above 0, or an AU that it knows on both
            sides alone differs between them.
    """
    known = {place for name in config.aus for place in _sides(name)}
    for row, au in enumerate(SUPPORTED_AUS):
        strange = [
            letter
            for side, letter in enumerate(SIDES)
            if (row, side) not in known and (targets[:, row, side] > 0).any()
        ]
        if strange:
            asked = au if len(strange) == len(SIDES) else au + strange[0]
            raise UndrawableTargetError(
                f"This generator does not draw {asked}: it was trained for "
                f"{', '.join(config.aus)}.",
                au,
            )
        if au in config.aus and (targets[:, row, 0] != targets[:, row, 1]).any():
            raise UndrawableTargetError(
                f"This generator draws {au} on both sides alike and on no side alone.", au
            )


def _sides(name: str) -> list[tuple[int, int]]:
    """Row and side in a target array (18, 2) of each side that an AU's name stands for."""
    try:
        au, side = split_side(name)
    except UnknownActionUnitError as error:
        raise ValueError(f"aus: {error}") from error
    row = SUPPORTED_AUS.index(au)
    return [(row, 0), (row, 1)] if side is None else [(row, SIDES.index(side))]


def _one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}, not one of {', '.join(allowed)}")


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ValueError(f"{name} must be from {low:g} to {high:g}, not {value!r}")
