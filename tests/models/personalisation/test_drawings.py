"""Six drawings for each AU, with labels that say what was drawn."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")

from models.estimators.config import Architecture
from models.facs import SUPPORTED_AUS
from models.generators.rig import RigGenerator
from models.personalisation.drawings import drawn_faces, six_of_each
from tests.support.faces import calm


def test_six_targets_for_each_au() -> None:
    targets = six_of_each(SUPPORTED_AUS)
    assert targets.shape == (108, 18, 2)
    for row, au in enumerate(SUPPORTED_AUS):
        mine = targets[6 * row : 6 * row + 6]
        column = SUPPORTED_AUS.index(au)
        assert mine[:, column].tolist() == [[level, level] for level in range(6)]
        others = [o for o in range(18) if o != column and SUPPORTED_AUS[o] != "AU25"]
        assert not mine[:, others].any()


def test_a_dropped_jaw_parts_the_lips() -> None:
    targets = six_of_each(["AU26"])
    assert targets[3, SUPPORTED_AUS.index("AU25")].tolist() == [3, 3]


@pytest.mark.parametrize(("kind", "size"), [("compact", (128, 96)), ("vgg16", (224, 224))])
def test_drawings_as_the_network_sees_them(kind: Architecture, size: tuple[int, int]) -> None:
    faces = drawn_faces(calm(), RigGenerator(), ["AU12", "AU04"], kind)
    assert faces.images.shape == (12, *size, 3)
    assert faces.neutrals.shape == (1, *size, 3)
    assert faces.labels.tolist() == [[v, 0] for v in range(6)] + [[0, v] for v in range(6)]
    # both AUs share the drawing at 0, and differ from it more and more
    np.testing.assert_array_equal(faces.images[0], faces.images[6])
    change = np.abs(faces.images[:6].astype(float) - faces.images[0]).mean((1, 2, 3))
    assert (np.diff(change) > 0).all()
