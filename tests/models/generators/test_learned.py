"""A trained generator follows the protocol that all generators follow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")

from models.checkpoints import (
    CONFIG,
    MODEL,
    Checkpoint,
    CheckpointMismatchError,
    CorruptCheckpointError,
    read_checkpoint,
    write_checkpoint,
)
from models.generators.base import Generator
from models.generators.config import (
    GeneratorConfig,
    UndrawableTargetError,
    check_targets,
    drawable,
    told,
)
from models.generators.learned import LearnedGenerator, load_learned, registered
from models.generators.paste import paste_back
from models.generators.registry import generator_from_checkpoint
from models.registration.face import FACE_SIZE
from tests.support.faces import astronaut, calm, target
from tests.support.gans import SMALL, small_network

pytestmark = pytest.mark.usefixtures("one_thread")

SMILE = target(AU06=3, AU12="E")
NEUTRAL = target()


def small_generator(**changes: object) -> LearnedGenerator:
    config = replace(SMALL.generator, **changes)  # type: ignore[arg-type]
    return LearnedGenerator(config, small_network(config), "mine", card="# Mine\n")


def test_it_draws_what_is_asked_for_and_nothing_else() -> None:
    generator: Generator = small_generator()
    faces = [calm(), astronaut(), calm()]
    drawn = generator.generate(faces, np.stack([SMILE, SMILE, NEUTRAL]))
    assert drawn.shape == (3, FACE_SIZE, FACE_SIZE, 3)
    assert drawn.dtype == np.uint8
    assert np.abs(drawn[0].astype(int) - calm().image).mean() > 3
    np.testing.assert_array_equal(drawn[2], calm().image)  # neutral already
    again = generator.generate([astronaut()], SMILE[None], seeds=[5])
    np.testing.assert_array_equal(again[0], drawn[1])  # alone as among others
    shown = generator.generate([astronaut()], SMILE[None], SMILE[None])
    np.testing.assert_array_equal(shown[0], astronaut().image)
    assert generator.generate([], np.zeros((0, 18, 2), np.float32)).shape == (0, 224, 224, 3)


def test_the_same_request_gives_the_same_bytes(tmp_path: Path) -> None:
    made = small_generator()
    write_checkpoint(tmp_path, made.checkpoint())
    one, other = (load_learned(tmp_path).generate([calm()], SMILE[None]) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_other_sizes_show_the_same_and_paste_back() -> None:
    generator = small_generator()
    face = calm()
    size = 3 * FACE_SIZE // 2
    large = generator.generate([face], SMILE[None], size=size)[0]
    small = generator.generate([face], SMILE[None])[0]
    shrunk = registered_like(large)
    assert np.abs(shrunk.astype(int) - small).mean() < 3
    photo = paste_back(face, large, SMILE)
    assert photo.shape == face.photo.shape
    assert (photo != face.photo).any()


def registered_like(large: np.ndarray) -> np.ndarray:
    import cv2

    return np.asarray(cv2.resize(large, (FACE_SIZE, FACE_SIZE), interpolation=cv2.INTER_AREA))


def test_a_larger_registered_face_is_the_same_face_sharper() -> None:
    face = astronaut()
    large = registered(face, 2 * FACE_SIZE)
    both = face.image.any(-1) & registered_like(large).any(-1)
    assert both.mean() > 0.95 * face.image.any(-1).mean()
    assert np.abs(registered_like(large).astype(int) - face.image)[both].mean() < 4
    np.testing.assert_array_equal(registered(face, FACE_SIZE), face.image)


def test_targets_it_was_not_trained_for_are_refused() -> None:
    config = GeneratorConfig(aus=("AU12", "AU04L"))
    for fine in (target(AU12=2), target(AU12=1, AU04L=5), NEUTRAL):
        check_targets(config, fine[None])
    for wrong, au in (
        (target(AU01=1), "AU01"),
        (target(AU04=1), "AU04"),
        (target(AU12L=1), "AU12"),
    ):
        with pytest.raises(UndrawableTargetError, match=au) as refused:
            check_targets(config, np.stack([NEUTRAL, wrong]))
        assert refused.value.au == au
        check_targets(config, drawable(config, wrong[None]))
    with pytest.raises(UndrawableTargetError):
        small_generator().generate([calm()], target(AU01=1)[None])
    vectors = told(config, np.stack([target(AU12L=5, AU04R=5), target(AU04L=2)]))
    np.testing.assert_allclose(vectors, np.array([[1, 0], [0, 0.4]], np.float32))


def test_a_checkpoint_comes_back(tmp_path: Path) -> None:
    made = small_generator()
    write_checkpoint(tmp_path / "smiles", made.checkpoint(half=False))
    back = load_learned(tmp_path / "smiles")
    assert (back.name, back.config, back.card) == ("smiles", made.config, "# Mine\n")
    wanted = made.generate([calm()], SMILE[None])
    np.testing.assert_array_equal(back.generate([calm()], SMILE[None]), wanted)
    named = generator_from_checkpoint(read_checkpoint(tmp_path / "smiles"), "0199")
    assert named.name == "0199"


def test_what_is_no_such_checkpoint_is_refused(tmp_path: Path) -> None:
    whole = small_generator().checkpoint()
    wrong = {
        "kind": "pix2pix", "aus": ["AU12", "AU99"], "size": 30, "channels": 10**6, "blocks": True,
        "format": 2, "surprise": 1, "stem_norm": 1, "lineage": [],
    }  # fmt: skip
    for name, value in wrong.items():
        config = {**whole.config, name: value}
        with pytest.raises(CheckpointMismatchError):
            generator_from_checkpoint(Checkpoint(whole.tensors, config, ""), "x")
    for name, array in (("stem.bias", np.zeros(3, np.float16)), ("extra", np.zeros(1, np.float16))):
        with pytest.raises(CheckpointMismatchError, match=name):
            generator_from_checkpoint(
                Checkpoint({**whole.tensors, name: array}, whole.config, ""), "x"
            )
    infinite = {**whole.tensors, "stem.bias": whole.tensors["stem.bias"] + np.inf}
    with pytest.raises(CheckpointMismatchError, match="finite"):
        generator_from_checkpoint(Checkpoint(infinite, whole.config, ""), "x")
    write_checkpoint(tmp_path, whole)
    (tmp_path / MODEL).write_bytes((tmp_path / MODEL).read_bytes()[:-1])
    with pytest.raises(CorruptCheckpointError):
        load_learned(tmp_path)
    (tmp_path / CONFIG).unlink()
    with pytest.raises(CorruptCheckpointError):
        load_learned(tmp_path)
