"""The generators beside each other, on people whom nothing was learnt from.

Run as ``python -m benchmarks.generator_quality --data DATA`` where DATA holds ``london/`` and
``canada/``; prints Markdown. The people are those that ``hybrid`` names as held out, and both
generators use a rig whose smile map is fitted without them. ``--trained FOLDER`` adds a checkpoint
of ``train-generator`` or `scripts.train_ganimation`; ``--inception FILE`` adds the FID by a network
of yours (ONNX, see `benchmarks.descriptors.OnnxFeatures`).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from benchmarks.closeness import Closeness, blurred, judge, print_gain, print_rows, spread
from benchmarks.descriptors import (
    CompactFeatures,
    OnnxFeatures,
    PatchFeatures,
    texture,
    texture_distance,
)
from benchmarks.machine import described
from benchmarks.rig_quality import amounts, fields_of
from benchmarks.unseen import insist_unseen
from models.estimators.reader import Reader
from models.estimators.shipped import shipped_checkpoint
from models.facs import SUPPORTED_AUS, Target, bilateral
from models.generators.base import Generator
from models.generators.config import drawable
from models.generators.expressions import balanced_targets
from models.generators.hybrid import HybridGenerator
from models.generators.learned import LearnedGenerator, load_learned
from models.generators.paste import drawing_size, paste_back
from models.generators.rig import RigGenerator
from models.hybrid.corrector import shipped_checkpoint as shipped_hybrid
from models.hybrid.corrector import shipped_corrector
from models.identity.recogniser import recogniser
from models.identity.same_person import distance
from models.metrics import frechet_distance, icc31, mae, mean_defined, per_column
from models.registration import Registrar, RegistrationError, load_registrar
from models.registration.face import FACE_SIZE, FloatArray, ImageArray, RegisteredFace
from models.rig.model import RigModel, rig_model
from models.rig.shown import READ_AUS, shown_expression
from models.rig.subject import measure
from scripts.train_compact.people import split_people
from scripts.train_hybrid.pairs import Photographed, photographed, rig_without, smile_of

_AU: Final = {au: index for index, au in enumerate(SUPPORTED_AUS)}
_NEUTRAL: Final = Target.parse({}).array()
_SMILES: Final[Mapping[str, Mapping[str, object]]] = {
    "AU12 C": {"AU12": "C"},
    "AU12 E": {"AU12": "E"},
    "AU06 C, AU12 D, AU25 C": {"AU06": "C", "AU12": "D", "AU25": "C"},
    "AU25 D": {"AU25": "D"},
    "AU25 D, AU26 D": {"AU25": "D", "AU26": "D"},
}


@dataclass(frozen=True)
class AsTold:
    """A trained generator that is asked for what it knows of a target, where it would refuse."""

    trained: LearnedGenerator

    @property
    def name(self) -> str:
        """Of the generator."""
        return self.trained.name

    def generate(
        self,
        faces: Sequence[RegisteredFace],
        targets: FloatArray,
        sources: FloatArray | None = None,
        *,
        seeds: Sequence[int] | None = None,
        size: int = FACE_SIZE,
    ) -> ImageArray:
        """See `models.generators.base.Generator.generate`."""
        asked = drawable(self.trained.config, targets)
        return self.trained.generate(faces, asked, sources, seeds=seeds, size=size)


class Extractor(Protocol):
    """Features (N, F) of images uint8 (N, 224, 224, 3)."""

    name: str

    def __call__(self, images: ImageArray) -> FloatArray: ...


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="holds london/ and canada/")
    parser.add_argument("--trained", type=Path, help="checkpoint of a trained generator")
    parser.add_argument("--inception", type=Path, help="ONNX file of features for the FID")
    parser.add_argument("--people", type=int, default=100, help="at most so many held out")
    parser.add_argument("--only-times", action="store_true", help="measure time alone")
    options = parser.parse_args()
    registrar = load_registrar()
    people = split_people(options.data)
    held_out = set(shipped_hybrid().config["lineage"]["held out"])
    everybody = photographed(registrar, people)
    known = [one for one in everybody if one.name not in held_out]
    tested = [one for one in everybody if one.name in held_out][: options.people]
    insist_unseen([one.name for one in tested], shipped_hybrid().config["lineage"])
    rig = rig_without(rig_model(), known, everybody)
    generators: dict[str, Generator] = {
        "rig": RigGenerator(rig),
        "hybrid": HybridGenerator(shipped_corrector(), rig),
    }
    if options.trained:
        generators[options.trained.name] = AsTold(load_learned(options.trained))
    print(described(), "\n")
    if options.only_times:
        _print_times(generators, tested[:6])
        return
    print(f"{len(tested)} people held out. Means with standard deviations over people.\n")
    smiles = _print_smiles(rig, generators, tested)
    calm = _print_removal(rig, generators, tested)
    _print_compact(generators, tested)
    _print_mesh(registrar, rig, generators, tested)
    _print_identity(registrar, rig, generators, tested)
    extractors: list[Extractor] = [
        CompactFeatures(), PatchFeatures(np.stack([one.smiling.image for one in known])),
    ]  # fmt: skip
    if options.inception:
        extractors.append(OnnxFeatures(options.inception))
    _print_fid(extractors, tested, smiles, calm)
    _print_same(generators, tested)


# -- smiles put on and taken off ---------------------------------------------


def _print_smiles(
    rig: RigModel, generators: Mapping[str, Generator], tested: Sequence[Photographed]
) -> dict[str, list[ImageArray]]:
    drawn: dict[str, list[ImageArray]] = {name: [] for name in generators}
    rows: dict[str, list[Closeness]] = {}
    for one in tested:
        target = smile_of(rig_model(), one)
        for name, generator in generators.items():
            drawn[name].append(_draw(generator, one.neutral, target))
        pictures = {"the neutral photo left as it is": one.neutral.image}
        judge(rows, one.smiling, pictures, {name: drawn[name][-1] for name in generators})
    print("### The smile drawn on the neutral photo, against the real one\n")
    print_rows(rows)
    teeth = [bool(measure(rig, one.smiling).open_mouth) for one in tested]
    for name in list(generators)[1:]:
        print_gain(rows, name, "those who show teeth", teeth)
    return drawn


def _print_removal(
    rig: RigModel, generators: Mapping[str, Generator], tested: Sequence[Photographed]
) -> dict[str, list[ImageArray]]:
    drawn: dict[str, list[ImageArray]] = {name: [] for name in generators}
    rows: dict[str, list[Closeness]] = {}
    for one in tested:
        source = smile_of(rig_model(), one, READ_AUS)
        for name, generator in generators.items():
            drawn[name].append(_draw(generator, one.smiling, _NEUTRAL, source))
        pictures = {"the smiling photo left as it is": one.smiling.image}
        judge(rows, one.neutral, pictures, {name: drawn[name][-1] for name in generators})
    print("### The real smile taken off, against the real neutral photo\n")
    print_rows(rows)
    read = [bool(shown_expression(one.smiling, rig).any()) for one in tested]
    for name in list(generators)[1:]:
        print_gain(rows, name, "those whose smile the product reads by itself", read)
    return drawn


# -- action units ------------------------------------------------------------


def _print_compact(generators: Mapping[str, Generator], tested: Sequence[Photographed]) -> None:
    reader = Reader(shipped_checkpoint("compact"))
    print("### AUs as `compact` reads them in the drawings\n")
    print("`compact` is ours and was trained on the rig's drawings, of other people: it says")
    print("whether hybrid still draws what was asked as the rig does, not whether that is right.\n")
    rng = np.random.default_rng(7)
    asked = balanced_targets(18 * len(tested), rng).reshape(len(tested), 18, 18, 2)
    labels = bilateral(asked.reshape(-1, 18, 2))
    print("| generator | ICC(3,1), 18 AUs | MAE | ICC of AU12 | of AU25 | of AU26 |")
    print("|---|---|---|---|---|---|")
    for name, generator in generators.items():
        images = np.concatenate(
            [generator.generate([one.neutral] * 18, targets)
             for one, targets in zip(tested, asked, strict=True)]
        )  # fmt: skip
        read = reader.estimate(images).intensities
        icc = per_column(icc31, labels, read)
        some = " | ".join(f"{icc[_AU[au]]:.3f}" for au in ("AU12", "AU25", "AU26"))
        error = mean_defined(per_column(mae, labels, read)).value
        print(f"| {name} | {mean_defined(icc).value:.3f} | {error:.3f} | {some} |")
    print("\n| read in | AU06 | AU12 | AU25 |\n|---|---|---|---|")
    for label, pictures in _smiling_pictures(generators, tested).items():
        read = reader.estimate(np.stack(pictures)).intensities
        cells = " | ".join(spread(read[:, _AU[au]], 2) for au in ("AU06", "AU12", "AU25"))
        print(f"| {label} | {cells} |")
    print()


def _smiling_pictures(
    generators: Mapping[str, Generator], tested: Sequence[Photographed]
) -> dict[str, list[ImageArray]]:
    asked = Target.parse(_SMILES["AU06 C, AU12 D, AU25 C"]).array()
    out = {
        "real neutral photos": [one.neutral.image for one in tested],
        "real smiles": [one.smiling.image for one in tested],
    }
    for name, generator in generators.items():
        out[f"AU06 C, AU12 D, AU25 C by {name}"] = [
            _draw(generator, one.neutral, asked) for one in tested
        ]
    for name, generator in generators.items():
        out[f"real smiles taken off by {name}"] = [
            _draw(generator, one.smiling, _NEUTRAL, smile_of(rig_model(), one, READ_AUS))
            for one in tested
        ]
    return out


def _print_mesh(
    registrar: Registrar, rig: RigModel, generators: Mapping[str, Generator],
    tested: Sequence[Photographed],
) -> None:  # fmt: skip
    print("### AUs as the mesh network finds them in the pasted photo\n")
    print("| asked | found | " + " | ".join(generators) + " |")
    print("|---|---|" + "---|" * len(generators))
    for label, mapping in _SMILES.items():
        target = Target.parse(mapping).array()
        au = "AU12" if "AU12" in mapping else "AU25" if "AU26" not in mapping else "AU26"
        cells = []
        for generator in generators.values():
            found = []
            for one in tested:
                again = _again(registrar, generator, one.neutral, target)
                if again is not None:
                    moved = _moved(one.neutral, again)
                    found.append(amounts(fields_of(rig, one.neutral), moved)[_AU[au]])
            cells.append(spread(found, 2))
        print(f"| {label} | {au} | {' | '.join(cells)} |")
    print()


def _again(
    registrar: Registrar, generator: Generator, face: RegisteredFace, target: FloatArray
) -> RegisteredFace | None:
    drawing = generator.generate([face], target[None], size=drawing_size(face))[0]
    try:
        return registrar.register(paste_back(face, drawing, target))
    except RegistrationError:
        return None


def _moved(face: RegisteredFace, again: RegisteredFace) -> npt.NDArray[np.float64]:
    """(936,): how the mesh moved in the photo, in canonical units, where the head stood still."""
    moved = again.photo_view.project(again.mesh) - face.photo_view.project(face.mesh)
    canonical = moved @ np.linalg.inv(face.photo_view.matrix).T
    return np.asarray(canonical[:, :2].ravel(), np.float64)


# -- identity ----------------------------------------------------------------


def _print_identity(
    registrar: Registrar, rig: RigModel, generators: Mapping[str, Generator],
    tested: Sequence[Photographed],
) -> None:  # fmt: skip
    kept = recogniser().describe([one.neutral for one in tested])
    neutral = [texture(one.neutral.image) for one in tested]
    print("### Identity, smiles against neutral photos\n")
    print("Descriptor: distance by the face recogniser, drawings put back into the photo; above")
    print("the limit of `models.identity.same_person` they would be another person's. Texture:")
    print("local binary patterns of the registered image; teeth and folds count against it, so")
    print("the real smile is the scale.\n")
    print("| | descriptor | texture | own neutral nearest by texture |\n|---|---|---|---|")
    pictures: dict[str, Callable[[Photographed], RegisteredFace | None]] = {
        name: _pasted_smile(registrar, rig, generator) for name, generator in generators.items()
    }
    pictures["the real smile"] = lambda one: one.smiling
    for name, picture in pictures.items():
        apart_by, skin, own = [], [], 0
        for index, one in enumerate(tested):
            found = picture(one)
            if found is None:
                continue
            apart_by.append(distance(kept[index], recogniser().describe([found])[0]))
            apart = [texture_distance(texture(found.image), other) for other in neutral]
            skin.append(apart[index])
            own += int(np.argmin(apart)) == index
        print(f"| {name} | {spread(apart_by, 2)} | {spread(skin, 2)} | {own}/{len(apart_by)} |")
    others = [
        (distance(kept[i], kept[j]), texture_distance(neutral[i], neutral[j]))
        for i in range(len(tested))
        for j in range(len(tested))
        if i != j
    ]
    descriptors, textures = zip(*others, strict=True)
    print(f"| two people's neutral photos | {spread(descriptors, 2)} | {spread(textures, 2)} | |\n")


def _pasted_smile(
    registrar: Registrar, rig: RigModel, generator: Generator
) -> Callable[[Photographed], RegisteredFace | None]:
    return lambda one: _again(registrar, generator, one.neutral, smile_of(rig_model(), one))


# -- distributions -----------------------------------------------------------


def _print_fid(
    extractors: Sequence[Extractor], tested: Sequence[Photographed],
    smiles: Mapping[str, Sequence[ImageArray]], calm: Mapping[str, Sequence[ImageArray]],
) -> None:  # fmt: skip
    real = {
        "smile": np.stack([one.smiling.image for one in tested]),
        "neutral": np.stack([one.neutral.image for one in tested]),
    }
    print(f"### FID of {len(tested)} drawings and as many photographs\n")
    print("So few are far from enough for the usual FID: only columns of one line compare.\n")
    names = list(smiles)
    print("| features | against | " + " | ".join(names) + " | rig, blurred | left as it is |")
    print("|---|---|" + "---|" * (len(names) + 2))
    for extractor in extractors:
        for kind, drawn, other in (("smile", smiles, "neutral"), ("neutral", calm, "smile")):
            wanted = extractor(real[kind])
            soft = np.stack([blurred(image) for image in drawn["rig"]])
            sets = [*(np.stack(drawn[name]) for name in names), soft, real[other]]
            cells = " | ".join(f"{frechet_distance(extractor(one), wanted):.3g}" for one in sets)
            print(f"| {extractor.name} | real {kind}s | {cells} |")
    print()


def _print_same(generators: Mapping[str, Generator], tested: Sequence[Photographed]) -> None:
    same, count = 0, 0
    for au in SUPPORTED_AUS:
        targets = np.stack([Target.parse({au: level}).array() for level in "CE"])
        for one in tested[:6]:
            rig, hybrid = (
                generators[name].generate([one.neutral] * 2, targets) for name in ("rig", "hybrid")
            )
            same += int((rig == hybrid).all(axis=(1, 2, 3)).sum())
            count += 2
    print(f"Of {count} drawings of single AUs at C and E on 6 people, {same} are the same bytes.")


def _print_times(generators: Mapping[str, Generator], tested: Sequence[Photographed]) -> None:
    target = Target.parse(_SMILES["AU06 C, AU12 D, AU25 C"]).array()
    print("### Milliseconds a drawing, one process, people measured before\n")
    print("| | generator | median | fastest tenth | slowest tenth |\n|---|---|---|---|---|")
    for label, large in (("224 px", False), ("at the photo's resolution", True)):
        for name, generator in generators.items():
            times = []
            for one in [one for _ in range(7) for one in tested]:
                size = drawing_size(one.neutral) if large else FACE_SIZE
                start = perf_counter()
                generator.generate([one.neutral], target[None], size=size)
                times.append(1e3 * (perf_counter() - start))
            low, middle, high = np.percentile(times[len(tested) :], [10, 50, 90])
            print(f"| {label} | {name} | {middle:.1f} | {low:.1f} | {high:.1f} |")


# -- odds and ends -----------------------------------------------------------


def _draw(
    generator: Generator, face: RegisteredFace, target: FloatArray,
    source: FloatArray | None = None,
) -> ImageArray:  # fmt: skip
    sources = None if source is None else source[None]
    drawing = generator.generate([face], target[None], sources, size=FACE_SIZE)[0]
    return np.asarray(drawing, np.uint8)


if __name__ == "__main__":
    main()
