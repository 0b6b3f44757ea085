"""Names of drawings' files: no photo's pictures are written over another's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.cli.manifest import KINDS, Drawing, Manifest

PATHS = st.lists(
    st.tuples(
        st.sampled_from(["a", "A", "a_b", "a-2", "a_face"]),
        st.sampled_from(["x", "y", "z"]),
        st.sampled_from(["jpg", "png"]),
    ).map(lambda parts: Path(parts[1], f"{parts[0]}.{parts[2]}")),
    min_size=1, max_size=6,
)  # fmt: skip
NAMES = st.lists(
    st.sampled_from(["c", "b_c", "face", "2_c", "C"]), min_size=1, max_size=3, unique=True
)


def _entry(path: Path, sha256: str, stem: str, name: str) -> Drawing:
    files = [f"{stem}_{name}_{kind}.png" for kind in KINDS]
    return Drawing(str(path), sha256, stem, "id", name, {}, {}, 0, files[0], files[1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("out")


@given(st.lists(st.tuples(PATHS, NAMES), min_size=1, max_size=3))
@example([([Path("x/a.jpg"), Path("y/a_b.jpg")], ["c"]), ([Path("x/a.jpg")], ["b_c"])])
def test_no_file_is_two_photos(folder: Path, runs: list[tuple[list[Path], list[str]]]) -> None:
    for path in folder.iterdir():
        path.unlink()
    owner: dict[str, str] = {}
    for paths, names in runs:
        manifest = Manifest(folder)
        photos = [(path, f"sha of {path}") for path in paths]
        stems = manifest.stems(photos, names)
        drawings = [
            _entry(*photo, stem, name)
            for photo, stem in zip(photos, stems, strict=True)
            for name in names
        ]
        images: dict[str, set[str]] = {}
        for drawing in drawings:
            images.setdefault(drawing.image.casefold(), set()).add(drawing.source)
            for file in (drawing.face, drawing.photo):
                assert file is not None
                assert owner.setdefault(file.casefold(), drawing.source) == drawing.source
                (folder / file).touch()
        assert all(len(sources) == 1 for sources in images.values())
        manifest.add(drawings)


def test_names_that_are_no_utf8_are_drawn_under_names_that_are(tmp_path: Path) -> None:
    odd = Path(os.fsdecode(b"caf\xe9.jpg"))
    assert Manifest(tmp_path).stems([(odd, "0")], ["smile"]) == ["caf\N{REPLACEMENT CHARACTER}"]


def test_files_of_somebody_else_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "one_smile_photo.png").touch()
    stems = Manifest(tmp_path).stems([(Path("one.jpg"), "0"), (Path("b/ONE.jpg"), "0")], ["smile"])
    assert stems == ["one-2", "ONE-3"]
