"""How good the rig's drawings are: likeness to real smiles, evenness, legibility, time.

Run as ``python -m benchmarks.rig_quality --data DATA --people 20`` where DATA holds ``london/``
(neutral and smiling photographs of the same people) and ``canada/``; prints Markdown.

What was fitted on the people measured: the rig's smile map (an average over all who were
photographed smiling) is fitted again without them, and people whose teeth the rig carries are not
measured. The displacement basis comes from another face model altogether.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import perf_counter

import cv2
import numpy as np
import numpy.typing as npt
from skimage.metrics import structural_similarity

from benchmarks.machine import described
from models.facs import SUPPORTED_AUS, Target
from models.generators.paste import drawing_size, paste_back
from models.generators.rig import RigGenerator
from models.registration import Registrar, RegistrationError, load_registrar
from models.registration.canonical import canonical_face
from models.registration.face import FloatArray, ImageArray, RegisteredFace
from models.rig.deform import expressed
from models.rig.light import LUMINANCE
from models.rig.model import RigModel, rig_model
from scripts.fit_rig.photos import read_face
from scripts.fit_rig.shown import FITTED, fitted_intensities
from scripts.fit_rig.smiles import smile_at_e
from scripts.fit_rig.teeth import PEOPLE as TEETH

Pair = tuple[RegisteredFace, RegisteredFace]
BLUR = 1.5
"""Sigma in pixels of the control: what SSIM gains by mere softness."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="holds london/ and canada/")
    parser.add_argument("--people", type=int, default=20, help="whose smiles are drawn")
    parser.add_argument("--strangers", type=int, default=24, help="who draw every AU")
    parser.add_argument("--only-times", action="store_true", help="measure time alone")
    options = parser.parse_args()
    registrar = load_registrar()
    photos = sorted((options.data / "canada").glob("*.jpg"))[: options.strangers]
    strangers = [read_face(registrar, path) for path in photos]
    print(described(), "\n")
    if not options.only_times:
        _print_drawings(registrar, options.data, options.people, strangers)
    _print_times(strangers[:6])


def _print_drawings(
    registrar: Registrar, data: Path, people: int, strangers: Sequence[RegisteredFace]
) -> None:
    pairs = list(_pairs(registrar, data / "london"))
    names = [name for name, _ in pairs if name not in TEETH]
    tested = {names[int(i)] for i in np.linspace(0, len(names) - 1, people).round()}
    _print_smiles([pair for name, pair in pairs if name in tested],
                  [pair for name, pair in pairs if name not in tested])  # fmt: skip
    _print_evenness(strangers[:6])
    _print_legibility(registrar, strangers)


def _pairs(registrar: Registrar, london: Path) -> Iterator[tuple[str, Pair]]:
    for path in sorted((london / "smiling").glob("*.jpg")):
        neutral = read_face(registrar, london / "neutral" / path.name)
        yield path.stem, (neutral, read_face(registrar, path))


# -- smiles ------------------------------------------------------------------


@dataclass(frozen=True)
class Likeness:
    """SSIM with the real smile, and Laplacian energy over the real smile's."""

    ssim: float
    sharpness: float


def _print_smiles(tested: Sequence[Pair], others: Sequence[Pair]) -> None:
    rig = _without(tested, others)
    fixed = np.mean([_fitted(rig, pair) for pair in others], axis=0)
    rows: dict[str, list[Likeness]] = {}
    for neutral, smiling in tested:
        own = _draw(rig, neutral, _fitted(rig, (neutral, smiling)))
        for name, image in (
            ("the neutral face left as it is", neutral.image),
            ("one fixed smile (mean of the others)", _draw(rig, neutral, fixed)),
            ("AUs fitted to the person's own smile", own),
            (f"the same, blurred by {BLUR} px", cv2.GaussianBlur(own, (0, 0), BLUR)),
            ("the real smile, blurred alike", cv2.GaussianBlur(smiling.image, (0, 0), BLUR)),
        ):
            rows.setdefault(name, []).append(likeness(np.asarray(image, np.uint8), smiling.image))
    print(f"### Drawn smiles against the person's real smile, {len(tested)} people held out\n")
    print("| drawing | SSIM | worst | best | sharpness |\n|---|---|---|---|---|")
    for name, found in rows.items():
        ssim = [one.ssim for one in found]
        sharp = median(one.sharpness for one in found)
        print(f"| {name} | {np.mean(ssim):.3f} | {min(ssim):.3f} | {max(ssim):.3f} | {sharp:.2f} |")
    print()


def _without(tested: Sequence[Pair], others: Sequence[Pair]) -> RigModel:
    rig = rig_model()
    appearance = rig.appearance.copy()
    change = smile_at_e(others) - smile_at_e([*tested, *others])
    appearance[SUPPORTED_AUS.index("AU12")] += change
    return replace(rig, appearance=appearance)


def _fitted(rig: RigModel, pair: Pair) -> FloatArray:
    """(18, 2) intensities that take the neutral mesh to the smiling one best."""
    basis = rig.basis.astype(np.float64)
    found = fitted_intensities(canonical_face(), basis, pair[0].mesh, pair[1].mesh)
    out = np.zeros((len(SUPPORTED_AUS), 2), np.float32)
    for au, intensity in zip(FITTED, found.tolist(), strict=True):
        out[SUPPORTED_AUS.index(au)] = min(intensity, 5.0)
    return out


def _draw(
    rig: RigModel, face: RegisteredFace, target: FloatArray, size: int = 224
) -> ImageArray:  # fmt: skip
    return np.asarray(RigGenerator(rig).generate([face], target[None], size=size)[0])


def likeness(image: ImageArray, real: ImageArray) -> Likeness:
    """On luminance, where both show skin, 5 pixels from the outline on."""
    both = np.asarray(image.any(axis=2) & real.any(axis=2), np.uint8)
    inside = cv2.erode(both, np.ones((11, 11), np.uint8)) > 0
    one, other = image @ LUMINANCE, real @ LUMINANCE
    _, ssim = structural_similarity(  # type: ignore[no-untyped-call]
        one, other, data_range=255, full=True
    )
    energy = [float((cv2.Laplacian(grey, cv2.CV_32F)[inside] ** 2).mean()) for grey in (one, other)]
    return Likeness(float(ssim[inside].mean()), energy[0] / energy[1])


# -- evenness ----------------------------------------------------------------


def _print_evenness(faces: Sequence[RegisteredFace]) -> None:
    rig = rig_model()
    print(f"### Growth from A to E, {len(faces)} people: mean change in grey levels\n")
    print("| AU | A | B | C | D | E | A..D over E (even: .2 .4 .6 .8) |")
    print("|---|---|---|---|---|---|---|")
    neutral = [_draw(rig, face, _asked("AU12", 0)).astype(np.float32) for face in faces]
    for au in SUPPORTED_AUS:
        steps = [
            np.mean([np.abs(_draw(rig, face, _asked(au, level)) - was).mean()
                     for face, was in zip(faces, neutral, strict=True)])
            for level in range(1, 6)
        ]  # fmt: skip
        cells = " | ".join(f"{step:.2f}" for step in steps)
        shares = " ".join(f"{step / steps[4]:.2f}"[1:] for step in steps[:4])
        print(f"| {au} | {cells} | {shares} |")
    print()


def _asked(au: str, intensity: float) -> FloatArray:
    return Target.parse({au: intensity}).array()


# -- legibility --------------------------------------------------------------


def _print_legibility(registrar: Registrar, faces: Sequence[RegisteredFace]) -> None:
    rig = rig_model()
    first: dict[str, Counter[str]] = {au: Counter() for au in SUPPORTED_AUS}
    found: dict[str, list[tuple[float, float]]] = {au: [] for au in SUPPORTED_AUS}
    for face in faces:
        fields = fields_of(rig, face)
        for au in SUPPORTED_AUS:
            at_b, at_e = (_refound(registrar, rig, face, au, level) for level in (2, 5))
            if at_b is None or at_e is None:
                first[au]["no face"] += 1
                continue
            index = SUPPORTED_AUS.index(au)
            first[au][SUPPORTED_AUS[int(_explained(fields, at_e).argmax())]] += 1
            found[au].append((amounts(fields, at_b)[index], amounts(fields, at_e)[index]))
    print(f"### AUs found again in the pasted photo, {len(faces)} strangers, drawn at E\n")
    print("The mesh network that registers photos looks at the result, and each AU's own field is")
    print("held against what moved: a check of this product by itself, not an independent coder.\n")
    print("| AU | explains it best | instead | found at B | found at E | rising |")
    print("|---|---|---|---|---|---|")
    for au in SUPPORTED_AUS:
        others = ", ".join(f"{n} {k}" for k, n in first[au].most_common() if k != au) or "–"
        at = np.array(found[au])
        rising = float((at[:, 1] > at[:, 0]).mean())
        print(f"| {au} | {first[au][au]}/{len(faces)} | {others} | {np.median(at[:, 0]):.1f} "
              f"| {np.median(at[:, 1]):.1f} | {rising:.0%} |")  # fmt: skip
    rose = np.concatenate([np.diff(found[au], axis=1).ravel() > 0 for au in SUPPORTED_AUS])
    sure = sum(first[au].most_common(1)[0][0] == au for au in SUPPORTED_AUS)
    print(f"\nFirst by majority: {sure} of {len(SUPPORTED_AUS)}; rising from B to E in "
          f"{rose.mean():.1%} of {len(rose)} cases.\n")  # fmt: skip


def fields_of(rig: RigModel, face: RegisteredFace) -> npt.NDArray[np.float64]:
    """(18, 936): x and y that each AU at E moves this person's mesh by."""
    dense = rig.dense.refine(face.mesh)
    moved = [expressed(rig, dense, _asked(au, 5), None) - dense for au in SUPPORTED_AUS]
    return np.array([field[:468, :2].ravel() for field in moved], np.float64)


def _refound(
    registrar: Registrar, rig: RigModel, face: RegisteredFace, au: str, intensity: float
) -> npt.NDArray[np.float64] | None:
    """(936,): how the mesh found in the photo moves once the AU is drawn; None: no face."""
    target = _asked(au, intensity)
    photo = paste_back(face, _draw(rig, face, target), target)
    try:
        again = registrar.register(photo)
    except RegistrationError:
        return None
    # Compared in the photo, where the head did not move: registration would turn and shift the
    # whole mesh a little to make up for the expression.
    view = face.photo_view
    moved = again.photo_view.project(again.mesh) - view.project(face.mesh)
    canonical = moved @ np.linalg.inv(view.matrix).T
    return np.asarray(canonical[:, :2].ravel(), np.float64)


def _explained(
    fields: npt.NDArray[np.float64], moved: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Cosine (18,) between each AU's field and what moved."""
    length = np.linalg.norm(fields, axis=1) * max(float(np.linalg.norm(moved)), 1e-9)
    return np.asarray(fields @ moved / length)


def amounts(
    fields: npt.NDArray[np.float64], moved: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Intensity 0..5 (18,) at which each AU alone comes nearest to what moved."""
    return np.asarray(5 * (fields @ moved) / (fields**2).sum(axis=1))


# -- time --------------------------------------------------------------------


def _print_times(faces: Sequence[RegisteredFace]) -> None:
    rig, target = rig_model(), Target.parse({"AU06": "C", "AU12": "D", "AU25": "C"}).array()
    print("### Milliseconds, one process\n\n| step | median | fastest tenth | slowest tenth |")
    print("|---|---|---|---|")
    drawings = {id(face): _draw(rig, face, target, drawing_size(face)) for face in faces}
    steps: dict[str, Callable[[RegisteredFace], object]] = {
        "one drawing, 224 px, person measured before": lambda face: _draw(rig, face, target),
        "first drawing of a person, 224 px": lambda face: _draw(rig, replace(face), target),
        "one drawing at the photo's own resolution":
            lambda face: _draw(rig, face, target, drawing_size(face)),
        "paste-back of that": lambda face: paste_back(face, drawings[id(face)], target),
    }  # fmt: skip
    for name, step in steps.items():
        times = [1e3 * _seconds(step, face) for face in list(faces) * 8]
        low, high = np.percentile(times, [10, 90])
        print(f"| {name} | {median(times):.1f} | {low:.1f} | {high:.1f} |")


def _seconds(step: Callable[[RegisteredFace], object], face: RegisteredFace) -> float:
    start = perf_counter()
    step(face)
    return perf_counter() - start


if __name__ == "__main__":
    main()
