"""Two databases that differ as FERA 2017 and DISFA do: people, what they show, camera, coding.

Rates are near those published for BP4D, which FERA 2017 is made of (Zhang et al. 2014), and for
DISFA (Mavadati et al. 2013). Cameras are made up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from benchmarks.simulated.behaviour import Behaviour
from benchmarks.simulated.camera import Camera
from benchmarks.simulated.own_face import Spread


@dataclass(frozen=True)
class DatabaseSpec:
    """A database before it is filmed.

    Attributes:
        name: of its folder.
        people: folder of neutral photographs, one person each.
        coded: AUs that coders looked for. Others are shown too, and nobody wrote them down.
        behaviour, camera: what is shown, and what it is filmed by.
        spread: how much people differ from the rig.
        seed: of everything at random.
    """

    name: str
    people: str
    coded: tuple[str, ...]
    behaviour: Behaviour
    camera: Camera
    spread: Spread = field(default_factory=Spread)
    seed: int = 0


A: Final = DatabaseSpec(
    name="A",
    people="london/neutral",
    coded=("AU01", "AU04", "AU06", "AU10", "AU12", "AU14", "AU17"),
    behaviour=Behaviour(
        rates={
            "AU01": 0.21, "AU02": 0.17, "AU04": 0.20, "AU06": 0.46, "AU10": 0.59, "AU12": 0.56,
            "AU14": 0.47, "AU17": 0.34, "AU25": 0.30, "AU26": 0.12, "AU43": 0.04,
        },
        climb=(0.60, 0.50, 0.25, 0.15),
        company=(
            {"AU06": 0.8, "AU12": 0.8, "AU10": 0.7, "AU14": 0.4, "AU25": 0.4},
            {"AU01": 0.8, "AU02": 0.85},
            {"AU04": 0.5, "AU17": 0.5, "AU43": 0.2},
            {"AU26": 0.7, "AU25": 0.7},
        ),
    ),
    camera=Camera(
        size=336, face=64.0, distance=16.0, pitch=0.0, turning=11.0,
        light=(0.05, -0.10, -0.15), light_varies=0.10,
        gain=(0.0, 0.0, 0.0), gamma=1.0, exposure_varies=0.10,
        blur=0.6, noise=0.010, quality=88,
    ),
    seed=1,
)  # fmt: skip
"""After FERA 2017: people in conversation, much shown, heads that turn; a good camera. Its seven
AUs."""

B: Final = DatabaseSpec(
    name="B",
    people="canada",
    coded=(
        "AU01", "AU02", "AU04", "AU05", "AU06", "AU09", "AU12", "AU15", "AU17", "AU20", "AU25",
        "AU26",
    ),
    behaviour=Behaviour(
        rates={
            "AU01": 0.067, "AU02": 0.056, "AU04": 0.188, "AU05": 0.021, "AU06": 0.149,
            "AU09": 0.054, "AU10": 0.05, "AU12": 0.235, "AU14": 0.06, "AU15": 0.060,
            "AU17": 0.099, "AU20": 0.035, "AU25": 0.352, "AU26": 0.191, "AU43": 0.04,
        },
        climb=(0.65, 0.50, 0.30, 0.12),
        company=(
            {"AU06": 0.8, "AU12": 0.85, "AU25": 0.5},
            {"AU01": 0.85, "AU02": 0.85, "AU05": 0.5},
            {"AU04": 0.5, "AU09": 0.6, "AU17": 0.4, "AU15": 0.4},
            {"AU26": 0.7, "AU25": 0.6},
        ),
    ),
    camera=Camera(
        size=256, face=48.0, distance=9.0, pitch=-8.0, turning=5.0,
        light=(-0.30, -0.20, -0.10), light_varies=0.15,
        gain=(0.04, -0.02, -0.08), gamma=1.2, exposure_varies=0.15,
        blur=1.0, noise=0.020, quality=60,
    ),
    seed=2,
)  # fmt: skip
"""After DISFA: people alone before a screen, little shown; a camera nearer, from above, with
warmer and more sidelong light, fewer pixels and more noise. Its twelve AUs."""

SHARED: Final = tuple(au for au in A.coded if au in B.coded)
"""AUs that both databases coded, as FERA 2017 and DISFA share them."""
