"""What ships reads real faces of people it has never seen."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")

from models.checkpoints import MODEL
from models.estimators.estimates import Estimates
from models.estimators.estimator import Estimator, load_estimator
from models.estimators.shipped import shipped_checkpoint, shipped_estimators
from models.facs import SUPPORTED_AUS
from models.generators.rig import RigGenerator
from models.images import decode_image
from models.metrics import two_afc
from models.personalisation.drawings import six_of_each
from scripts.train_compact.people import split_people
from tests.support.faces import PHOTOS, astronaut, astronaut_smile, calm, registrar


@cache
def compact() -> Estimator:
    return load_estimator("compact")


@cache
def strangers() -> tuple[np.ndarray, np.ndarray]:
    """Registered neutral and smiling photographs of people held out of training and choice."""
    if not PHOTOS.is_dir():
        pytest.skip("photos are not beside the repository")
    people = [person for person in split_people(PHOTOS) if person.split == "test"]
    found = [
        [registrar().register(decode_image(path.read_bytes()).rgb).image for path in paths]
        for paths in zip(
            *[(person.neutral, person.smiling) for person in people if person.smiling], strict=True
        )
    ]
    return np.stack(found[0]), np.stack(found[1])


def told_apart(au: str, neutral: Estimates, smiling: Estimates) -> float:
    true = np.repeat(np.array([0, 5], np.float32), len(neutral))
    return two_afc(true, np.concatenate([neutral.column(au), smiling.column(au)]))


def test_it_is_small_and_says_what_it_is() -> None:
    assert shipped_estimators() == ("compact",)
    checkpoint = shipped_checkpoint("compact")
    assert sum(value.nbytes for value in checkpoint.tensors.values()) < 8e6, MODEL
    assert compact().aus == SUPPORTED_AUS
    assert compact().config.registration == "3d"
    for section in ("ICC(3,1)", "Calibration", "Limits", "CC BY"):
        assert section in compact().card


def test_it_hears_strangers_smile_and_is_quiet_on_their_neutral_faces() -> None:
    neutral, smiling = (compact().estimate(images) for images in strangers())
    assert told_apart("AU12", neutral, smiling) > 0.94
    assert told_apart("AU06", neutral, smiling) > 0.9
    assert told_apart("AU25", neutral, smiling) > 0.8
    assert neutral.intensities.mean() < 0.15
    assert neutral.intensities.mean(axis=0).max() < 0.5


def test_one_neutral_frame_helps() -> None:
    images = strangers()
    other_camera = (images[0].astype(np.float32) * [0.9, 1.0, 0.95]).astype(np.uint8)
    neutral, smiling = (compact().estimate(faces, other_camera) for faces in images)
    assert told_apart("AU12", neutral, smiling) > 0.97
    assert neutral.intensities.mean() < 0.12


def test_it_hears_the_smile_of_another_camera() -> None:
    found = compact().estimate([astronaut()])
    assert float(found.column("AU12")[0]) > 2.5
    assert float(found.column("AU25")[0]) > 2
    assert astronaut_smile()[SUPPORTED_AUS.index("AU12")].max() > 1  # so does the rig


@pytest.mark.parametrize("au", ["AU01", "AU04", "AU09", "AU26"])
def test_it_reads_more_where_more_is_drawn(au: str) -> None:
    drawn = RigGenerator().generate([calm()] * 6, six_of_each([au]))
    read = compact().estimate(drawn, calm()).column(au)
    assert read[0] < 0.7
    assert read[5] > 3
    assert (np.diff(read) > -0.25).all()
