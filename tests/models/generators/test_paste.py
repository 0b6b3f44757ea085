"""Drawings put back into their photo."""

from __future__ import annotations

import numpy as np
import pytest

from models.generators.paste import drawing_size, paste_back
from models.generators.rig import RigGenerator
from models.registration.face import FloatArray, ImageArray, RegisteredFace
from tests.support.faces import astronaut, astronaut_smile, photographed, registrar, target


def pasted(
    face: RegisteredFace, asked: FloatArray, source: FloatArray | None = None, size: int = 0
) -> ImageArray:
    """The photo of `face` with `asked` drawn at the size that suits it, or at `size`."""
    sources = None if source is None else source[None]
    drawing = RigGenerator().generate(
        [face], asked[None], sources, size=size or drawing_size(face)
    )[0]
    return paste_back(face, drawing, asked, source)


def test_where_nothing_moved_the_photo_stays_bit_for_bit() -> None:
    face = astronaut()
    for size in (224, 336, drawing_size(face)):
        assert np.array_equal(pasted(face, target(), size=size), face.photo)
    shown = astronaut_smile()
    assert np.array_equal(face.photo, registrar().register(face.photo).photo)
    assert np.abs(pasted(face, shown, shown).astype(int) - face.photo).mean() < 0.1


def test_neutral_photos_of_others_stay_but_for_the_line_between_the_lips_and_the_outline() -> None:
    for face in photographed("london/neutral", 3) + photographed("canada", 2):
        differs = np.abs(pasted(face, target()).astype(int) - face.photo).max(axis=2)
        assert (differs > 0).mean() < 0.0005
        mouth = face.photo_view.project(face.mesh[[61, 291, 0, 17]])[:, :2].astype(int)
        low, high = mouth.min(axis=0), mouth.max(axis=0)
        differs[low[1] : high[1], low[0] : high[0]] = 0
        assert differs.max() <= 20


def test_far_from_the_face_nothing_changes() -> None:
    face = astronaut()
    found = pasted(face, target(AU12="E", AU26="E"), astronaut_smile())
    changed = (found != face.photo).any(axis=2)
    on_photo = face.photo_view.project(face.mesh)
    low, high = on_photo[:, :2].min(axis=0), on_photo[:, :2].max(axis=0)
    margin = 0.25 * (high - low)
    rows, columns = np.nonzero(changed)
    assert columns.min() > low[0] - margin[0]
    assert columns.max() < high[0] + margin[0]
    assert rows.min() > low[1] - margin[1]
    assert rows.max() < high[1] + margin[1]
    assert changed.sum() > 500


def test_an_au_changes_its_own_part_of_the_photo() -> None:
    face = astronaut()
    eyes = face.photo_view.project(face.mesh[[33, 263]])[:, 1].mean()
    nose = face.photo_view.project(face.mesh[4])[1]
    brows = np.nonzero((pasted(face, target(AU02="E")) != face.photo).any(axis=2))[0]
    chin = np.nonzero((pasted(face, target(AU17="E")) != face.photo).any(axis=2))[0]
    assert np.median(brows) < eyes
    assert np.median(chin) > nose


def test_the_photo_itself_is_left_alone() -> None:
    face = astronaut()
    before = face.photo.copy()
    pasted(face, target(AU43="E"))
    assert np.array_equal(face.photo, before)


def test_a_face_at_the_border_can_be_pasted() -> None:
    chin = int(astronaut().photo_view.project(astronaut().mesh[152])[1])
    cut = np.ascontiguousarray(astronaut().photo[: chin - 4])
    face = registrar().register(cut)
    found = pasted(face, target(AU26="E", AU02="E"))
    assert found.shape == cut.shape
    assert (found != cut).any()


def test_drawings_match_the_photos_resolution_within_bounds() -> None:
    small = astronaut()
    assert drawing_size(small) == 224
    grown = registrar().register(np.repeat(np.repeat(small.photo, 3, axis=0), 3, axis=1))
    assert drawing_size(grown) % 8 == 0
    assert 224 < drawing_size(grown) <= 672
    wanted = 224 * grown.photo_view.scale / grown.view.scale
    assert drawing_size(grown) == pytest.approx(wanted, abs=8)


@pytest.mark.parametrize("shape", [(224, 200, 3), (224, 224)])
def test_drawings_that_are_not_square_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="a drawing is"):
        paste_back(astronaut(), np.zeros(shape, np.uint8), target())
