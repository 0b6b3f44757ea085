"""Pixel-aligned pairs: what the rig draws, and the real photograph in the rig's own geometry.

A raw photograph of a smile never lies exactly where the rig draws it, and a network taught with it
learns to blur. So the photograph's texture is drawn on the mesh that the rig moved: what is left
between the two is colour alone, which is what the network is to learn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.corpora.table import Split
from models.facs import SUPPORTED_AUS
from models.hybrid.scene import EYE, FULL_SMILE, MOUTH, SIDE, Scene, see, window
from models.registration.canonical import canonical_face
from models.registration.face import RegisteredFace
from models.registration.pyramid import Pyramid
from models.registration.registrar import Registrar
from models.rig.canvas import Canvas, lay_out
from models.rig.draw import Expression, draw, express
from models.rig.light import LUMINANCE
from models.rig.model import RigModel
from models.rig.shown import READ_AUS, shown_expression
from models.rig.subject import Subject, measure
from scripts.fit_rig.photos import read_face
from scripts.fit_rig.shown import FITTED, fitted_intensities
from scripts.fit_rig.smiles import smile_at_e
from scripts.train_compact.people import Person

FloatArray = npt.NDArray[np.float32]
Generator = np.random.Generator

LEAST_SMILE: Final = 1.2
"""AU12 below which a photographed smile teaches nothing about skin."""
_OTHERS: Final = ("AU01", "AU02", "AU04", "AU05", "AU07", "AU09", "AU14", "AU17", "AU43")
_AU: Final = {au: index for index, au in enumerate(SUPPORTED_AUS)}
_LARGEST: Final = 2.0
"""A faint smile's difference is not made larger than this to stand for a full one."""


@dataclass(frozen=True, eq=False)
class Example:
    """One thing to learn.

    Attributes:
        planes: float16 (14, 128, 128), `models.hybrid.scene.Scene.planes`.
        gates: float16 (2, 128, 128), `Scene.gates`.
        answer: float16 (3, 128, 128), what the network should say of a full smile; -2..2.
        weight: float16 (128, 128), how much a pixel is to be believed.
    """

    planes: npt.NDArray[np.float16]
    gates: npt.NDArray[np.float16]
    answer: npt.NDArray[np.float16]
    weight: npt.NDArray[np.float16]


@dataclass(frozen=True, eq=False)
class Photographed:
    """One person, neutral and smiling."""

    name: str
    neutral: RegisteredFace
    smiling: RegisteredFace


def photographed(registrar: Registrar, people: Sequence[Person]) -> list[Photographed]:
    """Those of `people` who were photographed smiling, registered."""
    return [
        Photographed(one.name, read_face(registrar, one.neutral), read_face(registrar, one.smiling))
        for one in people
        if one.smiling is not None
    ]


def rig_without(
    rig: RigModel, known: Sequence[Photographed], everybody: Sequence[Photographed]
) -> RigModel:
    """The rig with its smile map, a median over `everybody` that ships, fitted to `known` alone."""
    change = smile_at_e([(one.neutral, one.smiling) for one in known])
    change -= smile_at_e([(one.neutral, one.smiling) for one in everybody])
    appearance = rig.appearance.copy()
    appearance[_AU["AU12"]] += change
    return replace(rig, appearance=appearance)


def smile_of(rig: RigModel, person: Photographed, aus: Sequence[str] = FITTED) -> FloatArray:
    """(18, 2) intensities of `aus` that take the neutral mesh to the smiling one best; others 0."""
    basis = rig.basis.astype(np.float64)
    found = fitted_intensities(canonical_face(), basis, person.neutral.mesh, person.smiling.mesh)
    out = np.zeros((len(SUPPORTED_AUS), 2), np.float32)
    for au, intensity in zip(FITTED, found.tolist(), strict=True):
        if au in aus:
            out[_AU[au]] = min(intensity, 5.0)
    return out


def examples(rig: RigModel, person: Photographed, each: int, seed: int) -> Iterator[Example]:
    """`each` smiles added to a person's neutral photo and `each` taken off the smiling one."""
    rng = np.random.default_rng((seed, int(person.name.split("-")[-1])))
    pair = _Pair(rig, person, smile_of(rig, person))
    for _ in range(each):
        yield pair.added(rng)
        yield pair.removed(rng)


class _Pair:
    """A person's two photos, measured, in one light."""

    def __init__(self, rig: RigModel, person: Photographed, fitted: FloatArray) -> None:
        self._rig, self._fitted = rig, fitted
        self._neutral, self._smiling = measure(rig, person.neutral), measure(rig, person.smiling)
        self._calm, self._happy = Pyramid(person.neutral.photo), Pyramid(person.smiling.photo)
        self._shown = shown_expression(person.smiling, rig)
        self._gain = light_gain(rig, self._neutral, self._calm, self._smiling, self._happy)

    def added(self, rng: Generator) -> Example:
        """A smile drawn on the neutral photo, to look like the smiling one."""
        target = self._varied(rng)
        if rng.random() < 0.7:
            target[_AU["AU06"]] = target[_AU["AU12"]] * rng.uniform(0.2, 0.9)
        self._with_others(target, rng)
        seed = int(rng.integers(0, 4))
        expression = express(self._rig, self._neutral, target, None)
        scene = see(self._rig, self._neutral, self._calm, expression, target, None, seed)
        canvas = lay_out(self._rig, expression.moved, window(), SIDE)
        real, seen = dressed(canvas, self._smiling, self._happy)
        real = real * self._gain
        plain = replace(
            express(self._rig, self._neutral, self._fitted, None), moved=expression.moved
        )
        smile = float(self._fitted[_AU["AU12"]].max())
        rest = self._drawn(self._neutral, self._calm, plain, canvas, seed)
        skin = (real - rest) * _to_full(smile)
        inside = real - self._drawn(self._neutral, self._calm, expression, canvas, seed)
        mouth = scene.planes[MOUTH][..., None]
        weight = seen * (1 - scene.planes[EYE])
        weight *= np.where(mouth[..., 0] > 0, self._teeth_fit(expression), smile > LEAST_SMILE)
        return _example(scene, skin * (1 - mouth) + inside * mouth, weight)

    def removed(self, rng: Generator) -> Example:
        """The smiling photo drawn with less of a smile, to look like the neutral one."""
        source = np.zeros_like(self._fitted)
        for au in READ_AUS:
            source[_AU[au]] = self._fitted[_AU[au]]
        if self._shown.any() and rng.random() < 0.5:
            source = self._shown.copy()
        source = np.minimum(source * rng.uniform(0.8, 1.2), 5).astype(np.float32)
        left = float(rng.choice([0.0, rng.uniform(0, 0.7)], p=[0.65, 0.35]))
        target = (source * left).astype(np.float32)
        self._with_others(target, rng)
        expression = express(self._rig, self._smiling, target, source)
        scene = see(self._rig, self._smiling, self._happy, expression, target, source, 0)
        canvas = lay_out(self._rig, expression.moved, window(), SIDE)
        real, seen = dressed(canvas, self._neutral, self._calm)
        rest = express(self._rig, self._smiling, np.zeros_like(target), source)
        plain = replace(rest, moved=expression.moved)
        smile = float(source[_AU["AU12"]].max())
        answer = real / self._gain - self._drawn(self._smiling, self._happy, plain, canvas, 0)
        believed = float(smile > LEAST_SMILE)
        weight = seen * (1 - scene.planes[EYE]) * (scene.planes[MOUTH] == 0) * believed
        return _example(scene, answer * _to_full(smile), weight)

    def _varied(self, rng: Generator) -> FloatArray:
        """Intensities (18, 2) about those of the photographed smile."""
        target = self._fitted.copy()
        amount = rng.uniform(0.35, 1.3)
        if self._smiling.open_mouth and rng.random() < 0.15:
            amount = 0.0
        for au in ("AU10", "AU12", "AU15", "AU20"):
            target[_AU[au]] *= amount
        if rng.random() < 0.12:
            target[_AU["AU12"], int(rng.integers(0, 2))] *= rng.uniform(0, 0.6)
        for au in ("AU25", "AU26"):
            target[_AU[au]] *= rng.uniform(0.75, 1.25)
        return np.asarray(np.clip(target, 0, 5), np.float32)

    @staticmethod
    def _with_others(target: FloatArray, rng: Generator) -> None:
        if rng.random() < 0.35:
            for au in rng.choice(_OTHERS, int(rng.integers(1, 3)), replace=False):
                target[_AU[str(au)]] = rng.uniform(1, 4)

    def _teeth_fit(self, expression: Expression) -> float:
        """1 where the photographed mouth is about as open as the drawn one, else 0."""
        if not self._smiling.open_mouth:
            return 0.0
        was, now = (
            float(self._rig.lips.gaps(mesh).max())
            for mesh in (self._smiling.dense, expression.moved)
        )
        return float(0.6 < now / max(was, 1e-3) < 1.6)

    def _drawn(
        self, subject: Subject, pyramid: Pyramid, expression: Expression, canvas: Canvas, seed: int
    ) -> FloatArray:
        drawing = draw(self._rig, subject, pyramid, expression, canvas, seed)
        return np.asarray(drawing, np.float32)


def dressed(canvas: Canvas, subject: Subject, pyramid: Pyramid) -> tuple[FloatArray, FloatArray]:
    """The photo of `subject` on another geometry: colours (128, 128, 3) and 1 where it is sure."""
    pixels = canvas.interpolate(np.column_stack([subject.texture, subject.seen]))
    at = np.ascontiguousarray(pixels[..., :2])
    colour = pyramid.sample(at, subject.view.scale / canvas.scale).astype(np.float32)
    sure = np.where((canvas.index >= 0) & (pixels[..., 2] > 0.9), np.float32(1), np.float32(0))
    both = canvas.reduced(np.where(canvas.index[..., None] >= 0, colour, np.float32(0)))
    seen = canvas.reduced(np.repeat(sure[..., None], 3, axis=2))[..., 0]
    return both, np.asarray(seen > 0.99, np.float32)


def light_gain(
    rig: RigModel, calm: Subject, calm_photo: Pyramid, happy: Subject, happy_photo: Pyramid
) -> FloatArray:
    """Factor (3,) that takes the smiling photo to the light of the neutral one, by still skin."""
    still = (np.linalg.norm(rig.basis[_AU["AU12"]], axis=1) < 0.01) & (rig.rim > 0.15)
    still &= (calm.seen > 0.9) & (happy.seen > 0.9)
    one, other = (
        photo.sample(subject.texture, max(1.0, subject.view.scale / 40)).astype(np.float32)[still]
        for subject, photo in ((calm, calm_photo), (happy, happy_photo))
    )
    skin = np.abs(np.log(np.maximum(one @ LUMINANCE, 1) / np.median(one @ LUMINANCE))) < 0.35
    return np.asarray(np.median((one[skin] + 1) / (other[skin] + 1), axis=0), np.float32)


def _to_full(smile: float) -> float:
    return min(FULL_SMILE / max(smile, 1e-3), _LARGEST)


def _example(scene: Scene, levels: FloatArray, weight: FloatArray) -> Example:
    return Example(
        planes=scene.planes.astype(np.float16),
        gates=scene.gates.astype(np.float16),
        answer=np.ascontiguousarray((levels / 127.5).transpose(2, 0, 1)).astype(np.float16),
        weight=weight.astype(np.float16),
    )


def write(path: Path, found: Sequence[Example]) -> None:
    """Keep one person's examples in one file, written in one step."""
    arrays: dict[str, Any] = {
        name: np.stack([getattr(one, name) for one in found])
        for name in ("planes", "gates", "answer", "weight")
    }
    temporary = path.with_suffix(".part.npz")
    np.savez(temporary, **arrays)
    temporary.replace(path)


def draw_pairs(
    rig: RigModel, people: Sequence[Photographed], folder: Path, each: int, seed: int
) -> None:
    """Write ``NAME.npz`` for each person who has none in `folder` yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for person in people:
        path = folder / f"{person.name}.npz"
        if not path.exists():
            write(path, list(examples(rig, person, each, seed)))


def names(people: Sequence[Person], split: Split) -> list[str]:
    """Names of the people of a split who were photographed smiling."""
    return [one.name for one in people if one.split == split and one.smiling is not None]
