"""The rig that ships and its parts."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from models.assets import WEIGHTS
from models.facs import SUPPORTED_AUS
from models.registration.canonical import canonical_face
from models.rig.appearance import MAP_SHAPE, map_coordinates, map_grid
from models.rig.model import WEIGHTS as RIG
from models.rig.model import build, rig_model
from models.rig.subdivision import subdivide
from models.rig.surround import surround


def test_shapes_are_as_documented() -> None:
    model = rig_model()
    count = len(model.neutral)
    assert model.basis.shape == (len(SUPPORTED_AUS), count, 3)
    assert model.appearance.shape == (len(SUPPORTED_AUS), *MAP_SHAPE)
    assert model.relief.shape == (len(SUPPORTED_AUS), 2, *MAP_SHAPE)
    assert model.shown_slope.shape == (2 * 468, 4)
    assert model.teeth.dtype == np.uint8
    assert model.dense.triangles.max() == count - 1


def test_the_weights_are_small_and_hold_nothing_but_arrays() -> None:
    content = (WEIGHTS / RIG).read_bytes()
    assert len(content) < 4_000_000
    assert hashlib.sha256(content).hexdigest() in (WEIGHTS / "SHA256SUMS").read_text()


def test_the_basis_is_symmetric() -> None:
    # Mirroring the coarse mesh mirrors every field; half floats hold it to a thousandth.
    mirrored = rig_model().basis[:, canonical_face().mirror] * np.array([-1, 1, 1])
    assert mirrored == pytest.approx(rig_model().basis[:, :468], abs=0.012)


@pytest.mark.parametrize("name", ["basis", "appearance", "relief"])
def test_arrays_of_another_shape_are_refused(name: str) -> None:
    model = rig_model()
    arrays = {
        key: getattr(model, key)
        for key in ("basis", "appearance", "relief", "teeth", "shown_slope", "shown_offset")
    }
    arrays[name] = arrays[name][:, :-1]
    with pytest.raises(ValueError, match=f"{name} must have the shape"):
        build(**arrays)


def test_subdivision_keeps_the_surface() -> None:
    corners = np.array([[0, 0, 0], [4, 0, 0], [0, 4, 0]], np.float32)
    fine = subdivide(np.array([[0, 1, 2]], np.int32), 3, 2)
    points = fine.refine(corners)
    assert len(fine.triangles) == 16
    assert len(points) == 15
    assert np.array_equal(points[:3], corners)
    a, b, c = (points[fine.triangles[:, k]] for k in range(3))
    areas = np.cross(b - a, c - a)[:, 2] / 2
    assert areas == pytest.approx([0.5] * 16)  # 8 in all, wound alike
    assert fine.faces.tolist() == [0] * 16


def test_three_subdivisions_are_refused() -> None:
    with pytest.raises(ValueError, match="levels"):
        subdivide(np.array([[0, 1, 2]], np.int32), 3, 3)


def test_the_map_is_looked_up_where_its_grid_says() -> None:
    x, y = map_grid()
    points = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)
    row, column = 100, 37
    found = map_coordinates(points)[row * MAP_SHAPE[1] + column]
    assert found == pytest.approx([column, row], abs=1e-3)


def test_the_outermost_ring_stays_and_the_outline_goes_along() -> None:
    rings = surround()
    angle = np.linspace(0, 2 * np.pi, len(rings.oval), endpoint=False)
    outline = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1).astype(np.float32) * 100
    placed = rings.place(outline)
    shift = np.full_like(outline, 5.0)
    moved = rings.moved(placed, shift) - placed
    count = len(outline)
    assert np.array_equal(placed[:count], outline)
    assert moved[:count] == pytest.approx(5.0)
    assert moved[-count:] == pytest.approx(0.0)
    per_ring = moved.reshape(-1, count, 3).max(axis=(1, 2))
    assert (np.diff(per_ring) < 0).all()
