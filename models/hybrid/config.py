"""What a checkpoint of the correction says about itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from models.checkpoints import CheckpointMismatchError
from models.hybrid.scene import PLANES

KIND: Final = "hybrid"
ANSWERS: Final = 6
"""Channels the network gives: RGB of what an added smile brings, RGB of what a removed one leaves,
both of a full smile and of -1..1 for all of a drawing's levels."""
_WIDEST: Final = 512
Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class HybridConfig:
    """The shape of the network, and where its weights come from.

    Attributes:
        widths: channels at 64, 32, ... pixels.
        fine: channels at 128 pixels.
        softness: sigma in pixels of the window by which answers on skin are smoothed: pores and
            hairs stay the rig's.
        lineage: how it was made; ``held out`` names the people it has not learnt from.
    """

    widths: tuple[int, ...] = (32, 64, 96, 160)
    fine: int = 16
    softness: float = 1.5
    lineage: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        widths = (*self.widths, self.fine)
        if not 2 <= len(self.widths) <= 6 or not all(1 <= width <= _WIDEST for width in widths):
            raise ValueError(f"widths must be 2 to 6 of 1 to {_WIDEST}, not {self.widths}")
        if not 0 < self.softness <= 8:
            raise ValueError(f"softness must be above 0 and at most 8, not {self.softness}")

    def as_json(self) -> dict[str, Any]:
        """As ``config.json`` has it."""
        shape = dataclasses.asdict(self)
        return {"kind": KIND, **shape, "widths": list(self.widths), "lineage": dict(self.lineage)}

    @classmethod
    def parse(cls, config: Mapping[str, Any]) -> HybridConfig:
        """The reverse of `as_json`.

        Raises:
            CheckpointMismatchError: it is of something else, or says what cannot be.
        """
        known = {entry.name for entry in dataclasses.fields(cls)}
        given = dict(config)
        if given.pop("kind", None) != KIND:
            raise CheckpointMismatchError(f'config.json: kind must be "{KIND}".')
        if set(given) != known:
            raise CheckpointMismatchError(f"config.json must name {', '.join(sorted(known))}.")
        widths, fine, softness = given["widths"], given["fine"], given["softness"]
        numbers = [*widths, fine] if isinstance(widths, list) else [None]
        if not all(type(number) is int for number in numbers):
            raise CheckpointMismatchError("config.json: widths and fine must be whole numbers.")
        if not isinstance(softness, int | float) or not isinstance(given["lineage"], dict):
            raise CheckpointMismatchError("config.json: softness or lineage is not what it was.")
        try:
            return cls(tuple(widths), fine, float(softness), given["lineage"])
        except ValueError as error:
            raise CheckpointMismatchError(f"config.json: {error}.") from error

    def shapes(self) -> Shapes:
        """Every weight of the network by name."""
        out: Shapes = {}

        def add(name: str, *shape: int, bias: int) -> None:
            out[f"{name}.weight"], out[f"{name}.bias"] = shape, (bias,)

        widths = self.widths
        add("stem", widths[0], PLANES, 4, 4, bias=widths[0])
        for level, width in enumerate(widths):
            add(f"down.{level}.0", width, widths[max(level - 1, 0)], 3, 3, bias=width)
            add(f"down.{level}.1", width, width, 3, 3, bias=width)
        for level in range(len(widths) - 2, -1, -1):
            joined = widths[level] + widths[level + 1]
            add(f"up.{level}.0", widths[level], joined, 3, 3, bias=widths[level])
            add(f"up.{level}.1", widths[level], widths[level], 3, 3, bias=widths[level])
        add("fine", widths[0], self.fine, 4, 4, bias=self.fine)
        add("answer", ANSWERS, self.fine + PLANES, 3, 3, bias=ANSWERS)
        return out
