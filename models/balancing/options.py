"""What to balance, how far, and how much is too much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from models import facs
from models.corpora.table import SPLITS, Split

FRONTAL: Final = (0.0, 0.0)
"""A pose is pitch and yaw in degrees; frontal is the registered face as it is."""

Fill = Literal["none", "synthetic"]
Sources = Literal["neutral-first", "absent"]


class BalanceError(ValueError):
    """A balanced set cannot be planned. `field` is the option to change, or "corpus"."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


class AuNotCodedError(BalanceError):
    """AUs were asked for that the corpus has no intensities of."""


class QuotaError(BalanceError):
    """More images were asked for than one dataset may have."""


class EmptyPlanError(BalanceError):
    """Not one image of what was asked for can be made from this corpus."""


@dataclass(frozen=True)
class BalanceOptions:
    """What to balance.

    Attributes:
        aus: the AUs, in the order their images come.
        count: images per AU, intensity level and pose.
        levels: intensity levels, 0 to 5.
        poses: (pitch, yaw) in degrees; the paper draws 500 per pose in FERA 2017's nine.
        jitter: intensities above 0 are moved by up to this much, without leaving their level.
        seed: what every random choice follows from.
        subject_cap: images of one source subject in the whole set, at most.
        splits: frames of these splits only; all frames when empty.
        fill: what to do about an intensity that never occurs. "none" leaves it out and says so,
            "synthetic" scales vectors of the nearest level that does occur.
        sources: which frames without the AU are drawn on: "neutral-first" takes those that show
            nothing until they are used up; "absent" takes any, all alike often, as Niinuma et al.
            (2022, 4.2.2) resample.
    """

    aus: tuple[str, ...]
    count: int = 5_000
    levels: tuple[int, ...] = (0, 1, 2, 3, 4, 5)
    poses: tuple[tuple[float, float], ...] = (FRONTAL,)
    jitter: float = 0.0
    seed: int = 0
    subject_cap: int | None = None
    splits: tuple[Split, ...] = ()
    fill: Fill = "none"
    sources: Sources = "neutral-first"

    @property
    def per_cell(self) -> int:
        """Images per AU and level, over all poses."""
        return self.count * len(self.poses)

    @property
    def cells(self) -> tuple[tuple[int, int], ...]:
        """(column in the vocabulary, level) of every cell, in the order of the set."""
        return tuple(
            (facs.SUPPORTED_AUS.index(au), level) for au in self.aus for level in self.levels
        )


@dataclass(frozen=True)
class Quota:
    """The most one dataset may take.

    Attributes:
        max_images: the paper's set is 7 AUs x 6 levels x 5,000 = 210,000 images; with nine poses
            of 500 for 12 AUs it is 324,000.
        bytes_per_image: of a 224x224 PNG of a face, to tell people what they ask for.
    """

    max_images: int = 500_000
    bytes_per_image: int = 75_000

    def check(self, options: BalanceOptions) -> None:
        """Refuse options that ask for too much, with the arithmetic.

        Raises:
            QuotaError: they do.
        """
        images = len(options.cells) * options.per_cell
        if images > self.max_images:
            raise QuotaError(
                f"{len(options.aus)} AUs x {len(options.levels)} intensities x {options.count:,} x "
                f"{len(options.poses)} poses = {images:,} images of about "
                f"{self.bytes_per_image / 1000:g} kB = {images * self.bytes_per_image / 1e9:,.1f} "
                f"GB; one dataset may have {self.max_images:,} images.",
                "count",
            )


def check_options(
    options: BalanceOptions, coded_aus: tuple[str, ...], quota: Quota | None = None
) -> None:
    """Refuse options that make no sense, for a corpus with intensities of `coded_aus` or any.

    Raises:
        BalanceError: an option is out of range; `field` names it.
        AuNotCodedError: an AU has no intensities in the corpus.
        QuotaError: the set would be larger than one may be.
    """
    if not options.aus:
        raise BalanceError("name at least one AU to balance.", "aus")
    unknown = [au for au in options.aus if au not in facs.SUPPORTED_AUS]
    if unknown or len(set(options.aus)) != len(options.aus):
        raise BalanceError(
            f"aus must be different AUs of {', '.join(facs.SUPPORTED_AUS)}; "
            f"got {', '.join(options.aus)}.",
            "aus",
        )
    levels = set(options.levels)
    if not levels or len(levels) != len(options.levels) or not levels <= set(range(6)):
        raise BalanceError(
            f"intensities must be different ones of 0 to 5, not {options.levels}.", "levels"
        )
    if options.count < 1:
        raise BalanceError(
            f"{options.count:,} images per intensity were asked for; ask for at least 1.", "count"
        )
    if not options.poses or len(set(options.poses)) != len(options.poses):
        raise BalanceError("poses must be different ones, and at least one.", "poses")
    if not 0 <= options.jitter < 0.5:
        raise BalanceError(
            f"jitter is {options.jitter:g}; from 0 to below 0.5 it stays within a level.", "jitter"
        )
    if not 0 <= options.seed < 2**63:
        raise BalanceError(f"seed is {options.seed}; it goes from 0 to 2^63 - 1.", "seed")
    if set(options.splits) - set(SPLITS):
        raise BalanceError(f"splits must be of {', '.join(SPLITS)}.", "splits")
    (quota or Quota()).check(options)
    cells = len(options.cells)
    if options.subject_cap is not None and options.subject_cap < cells:
        raise BalanceError(
            f"subject_cap is {options.subject_cap}, but {len(options.aus)} AUs x "
            f"{len(options.levels)} intensities = {cells} cells want at least one image each.",
            "subject_cap",
        )
    missing = [au for au in options.aus if au not in coded_aus]
    if missing:
        raise AuNotCodedError(
            f"the corpus has no intensities of {', '.join(missing)}; "
            f"it has {', '.join(coded_aus) or 'none at all'}.",
            "aus",
        )
