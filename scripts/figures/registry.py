"""What figures there are, how each is made, and what it depends on."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_REGISTRATION: Final = ("models/registration/*.py", "models/registration/*.npz")
_RIG: Final = (
    *_REGISTRATION,
    "models/rig/*.py",
    "models/generators/rig.py",
    "models/generators/paste.py",
    "models/weights/rig.safetensors",
)
_HYBRID: Final = (*_RIG, "models/hybrid/*.py", "models/weights/hybrid/model.safetensors")
_COMPACT: Final = (
    *_REGISTRATION,
    "models/estimators/crop.py",
    "models/estimators/onnx_graph.py",
    "models/weights/compact/model.safetensors",
)


@dataclass(frozen=True)
class Figure:
    """One command and what it makes.

    Attributes:
        page: where it is shown.
        command: arguments of Python; ``{data}``, ``{packages}`` and ``{scratch}`` are folders.
        depends: patterns of files below the root; when one changes, the figure is stale.
        pictures: files that the command writes; what it prints is a table otherwise.
        minutes: of two quiet cores, about.
    """

    page: str
    command: tuple[str, ...]
    depends: tuple[str, ...]
    pictures: tuple[str, ...] = ()
    minutes: int = 5

    def arguments(self, folders: Mapping[str, str]) -> list[str]:
        """The command line.

        Raises:
            KeyError: a folder is needed that is not there.
        """
        return [sys.executable, *(part.format_map(folders) for part in self.command)]


def _module(name: str, *arguments: str) -> tuple[str, ...]:
    return ("-m", name, *arguments)


_DATA: Final = ("--data", "{data}")

FIGURES: Final[Mapping[str, Figure]] = {
    "rig-sheets": Figure(
        "docs/rig.md",
        _module("scripts.rig_sheets", *_DATA),
        (*_RIG, "scripts/rig_sheets.py"),
        ("docs/rig_close_eyes.jpg", "docs/rig_close_mouths.jpg",
         "docs/rig_combinations.jpg", "docs/rig_lips.jpg", "docs/rig_mouth.jpg",
         "docs/rig_pasted.jpg", "docs/rig_upper.jpg"),
    ),
    "rig-quality": Figure(
        "docs/rig.md",
        _module("benchmarks.rig_quality", *_DATA, "--people", "20"),
        (*_RIG, "benchmarks/rig_quality.py"),
        minutes=10,
    ),
    "rig-independent": Figure(
        "docs/rig.md",
        _module("benchmarks.independent", *_DATA, "--packages", "{packages}"),
        (*_RIG, "benchmarks/independent.py"),
        minutes=15,
    ),
    "hybrid-sheets": Figure(
        "docs/hybrid.md",
        _module("scripts.hybrid_sheets", *_DATA),
        (*_HYBRID, "scripts/hybrid_sheets.py"),
        ("docs/hybrid_elsewhere.jpg", "docs/hybrid_lips.jpg", "docs/hybrid_mouth.jpg",
         "docs/hybrid_smiles.jpg", "docs/hybrid_upper.jpg"),
    ),
    "hybrid-quality": Figure(
        "docs/hybrid.md",
        _module("benchmarks.generator_quality", *_DATA),
        (*_HYBRID, *_COMPACT, "benchmarks/generator_quality.py"),
        minutes=20,
    ),
    "hybrid-independent": Figure(
        "docs/hybrid.md",
        _module(
            "benchmarks.independent", *_DATA, "--packages", "{packages}", "--generator", "hybrid"
        ),
        (*_HYBRID, "benchmarks/independent.py"),
        minutes=20,
    ),
    "character-sheets": Figure(
        "docs/characters.md",
        _module("scripts.character_sheets"),
        (
            "models/characters/*.py",
            "models/weights/characters.safetensors",
            "scripts/character_sheets.py",
        ),
        ("docs/characters_cast.jpg", "docs/characters_aus.jpg"),
    ),
    "studio": Figure(
        "docs/studio.md",
        _module("scripts.studio_picture"),
        ("service/web/*", "scripts/studio_picture.py"),
        ("docs/studio.png",),
        minutes=1,
    ),
    "presence": Figure(
        "docs/estimators.md",
        _module("scripts.train_compact.presence", *_DATA),
        (*_RIG, *_COMPACT, "scripts/train_compact/presence.py"),
        minutes=10,
    ),
    "meshes": Figure(
        "docs/registration.md",
        _module("scripts.measure_meshes", *_DATA, "--people", "16"),
        (*_RIG, "scripts/measure_meshes.py"),
    ),
    "gaze": Figure(
        "docs/registration.md",
        _module(
            "scripts.measure_gaze", "--photos", "{data}/portraits", "{data}/london/neutral",
            "{data}/london/smiling", "{data}/canada", "--moved", "{data}/london/neutral",
        ),
        (*_REGISTRATION, "scripts/measure_gaze.py"),
    ),
    "shown": Figure(
        "docs/registration.md",
        _module("scripts.measure_shown", *_DATA),
        (*_RIG, *_COMPACT, "models/expressions/*.py", "scripts/measure_shown.py"),
    ),
    "identity": Figure(
        "docs/registration.md",
        _module(
            "scripts.measure_identity", *_DATA, "--portraits", "{data}/portraits",
            "--out", "{scratch}/identity",
        ),
        (*_RIG, "models/identity/*.py", "models/weights/identity.safetensors",
         "scripts/measure_identity.py"),
    ),
    "estimator-speed": Figure(
        "docs/estimators.md",
        _module("benchmarks.estimators", "--photos", "{data}/canada"),
        (*_COMPACT, "models/personalisation/*.py", "benchmarks/estimators.py"),
    ),
    "pipeline": Figure(
        "docs/benchmarks.md",
        _module("benchmarks.pipeline"),
        (*_RIG, "worker/*.py", "worker/handlers/expressions.py", "benchmarks/pipeline.py"),
    ),
    "dataset-throughput": Figure(
        "docs/datasets.md",
        _module("benchmarks.dataset_throughput", "--rate-images", "400", "--rounds", "1"),
        (*_RIG, "worker/*.py", "worker/handlers/dataset_shards.py", "models/datasets/*.py",
         "benchmarks/dataset_throughput.py"),
        minutes=20,
    ),
    "simulated": Figure(
        "docs/simulated.md",
        _module(
            "benchmarks.simulated", *_DATA, "--work", "{scratch}/simulated",
            "--out", "{scratch}/simulated", "--threads", "2",
        ),
        (*_RIG, *_COMPACT, "models/balancing/*.py", "models/normalisation/*.py",
         "benchmarks/simulated/*.py"),
        minutes=180,
    ),
}  # fmt: skip
"""By name. Figures that hang on a run of a training are on the card that the run writes."""
