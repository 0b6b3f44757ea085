"""The hybrid: the rig's bytes wherever it has nothing to say, and drawings in every frame."""

from __future__ import annotations

import numpy as np
import pytest

from models.facs import Target, targets_array
from models.generators.hybrid import HybridGenerator
from models.generators.paste import drawing_size, paste_back
from models.generators.rig import RigGenerator
from models.hybrid.corrector import Corrector
from models.registration.face import FloatArray, ImageArray
from tests.support.faces import astronaut, astronaut_smile, calm, registrar, target
from tests.support.hybrid import random_checkpoint

SMILE = target(AU06="C", AU12="D", AU25="C")


@pytest.fixture(scope="module")
def hybrid() -> HybridGenerator:
    """With answers at random, and large: what it changes is plain to see."""
    return HybridGenerator(Corrector(random_checkpoint()))


def rigs(asked: FloatArray, source: FloatArray | None = None, size: int = 224) -> ImageArray:
    sources = None if source is None else source[None]
    face = calm() if source is None else astronaut()
    return np.asarray(RigGenerator().generate([face], asked[None], sources, size=size)[0])


def test_without_aus_the_bytes_are_the_rigs(hybrid: HybridGenerator) -> None:
    nothing = target()
    assert np.array_equal(hybrid.generate([calm()], nothing[None])[0], rigs(nothing))


@pytest.mark.parametrize("au", ["AU01", "AU02", "AU04", "AU05", "AU07", "AU09", "AU15", "AU17",
                                "AU20", "AU23", "AU24", "AU43"])  # fmt: skip
def test_what_no_photograph_taught_is_the_rigs(hybrid: HybridGenerator, au: str) -> None:
    asked = target(**{au: "D"})
    assert np.array_equal(hybrid.generate([calm()], asked[None])[0], rigs(asked))


def test_a_smile_already_in_the_photo_is_left_as_the_rig_has_it(hybrid: HybridGenerator) -> None:
    shown = astronaut_smile()
    drawn = hybrid.generate([astronaut()], shown[None], shown[None])[0]
    assert np.array_equal(drawn, rigs(shown, shown))


def test_only_what_moves_is_corrected(hybrid: HybridGenerator) -> None:
    smile, rig = hybrid.generate([calm()], SMILE[None])[0], rigs(SMILE)
    apart = np.abs(smile.astype(int) - rig).max(axis=2)
    assert apart.max() > 20
    assert not apart[:62].any()  # forehead and brows
    assert np.array_equal(smile.any(axis=2), rig.any(axis=2))
    assert (apart > 0).mean() < 0.35


def test_a_smile_is_taken_off_with_a_correction(hybrid: HybridGenerator) -> None:
    shown, nothing = astronaut_smile(), target()
    drawn = hybrid.generate([astronaut()], nothing[None], shown[None])[0]
    assert np.abs(drawn.astype(int) - rigs(nothing, shown)).max() > 20


def test_a_batch_is_its_singles_and_the_same_again(hybrid: HybridGenerator) -> None:
    faces = [astronaut(), calm(), registrar().register(astronaut().photo, kind="2d")]
    asked = np.stack([SMILE, target(AU12L="E"), target(AU25="E")])
    sources = np.stack([astronaut_smile(), target(), astronaut_smile()])
    batch = hybrid.generate(faces, asked, sources, seeds=[0, 1, 2])
    again = HybridGenerator(Corrector(random_checkpoint(), threads=1))
    for index, face in enumerate(faces):
        row = slice(index, index + 1)
        one = again.generate([face], asked[row], sources[row], seeds=[index])
        assert np.array_equal(batch[row], one)


def test_another_size_is_the_same_correction_enlarged(hybrid: HybridGenerator) -> None:
    small, large = (
        hybrid.generate([calm()], SMILE[None], size=size)[0].astype(np.float32)
        - rigs(SMILE, size=size)
        for size in (224, 448)
    )
    reduced = large.reshape(224, 2, 224, 2, 3).mean(axis=(1, 3))
    assert np.abs(small).max() > 20
    assert np.abs(reduced - small).mean() < 0.15 * np.abs(small).mean()


def test_a_correction_survives_in_the_photo(hybrid: HybridGenerator) -> None:
    size = drawing_size(calm())
    photos = [
        paste_back(calm(), generator.generate([calm()], SMILE[None], size=size)[0], SMILE)
        for generator in (hybrid, RigGenerator())
    ]
    assert np.abs(photos[0].astype(int) - photos[1]).max() > 20


def test_shapes_that_disagree_are_refused(hybrid: HybridGenerator) -> None:
    with pytest.raises(ValueError, match="targets must be"):
        hybrid.generate([calm()], targets_array([Target.parse({})] * 2))
