"""The mean face of files, for models that are normalised so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.estimators.mean_face import NoFacesError, mean_face
from models.images import decode_image, encode_png
from models.normalisation.mean_texture import mean_texture
from tests.support.faces import registrar
from tests.support.pictures import no_face, portrait


def test_it_is_over_all_faces_and_nothing_else(tmp_path: Path) -> None:
    rgb = decode_image(portrait()).rgb
    darker = (rgb * 0.5).astype(np.uint8)
    files = [tmp_path / name for name in ("a.png", "b.png", "garden.jpg", "notes.txt", "gone.png")]
    for file, content in zip(
        files, (portrait(), encode_png(darker), no_face(), b"no photo"), strict=False
    ):
        file.write_bytes(content)
    faces = [registrar().register(photo, kind="2d").image for photo in (rgb, darker)]
    found = mean_face(registrar(), "2d", files)
    np.testing.assert_array_equal(found, mean_texture(faces))
    assert np.abs(found.astype(int) - faces[0]).mean() > 10
    with pytest.raises(NoFacesError, match="garden"):
        mean_face(registrar(), "3d", files[2:])
