"""Writes tiny corpora in the published layouts, with real pictures that carry their number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import skimage.data

ImageArray = npt.NDArray[np.uint8]

_STEP = 24


def picture(number: int) -> ImageArray:
    """A 96x96 face whose top left corner is a grey block of brightness 24 x number + 12."""
    portrait: ImageArray = skimage.data.astronaut()  # type: ignore[no-untyped-call]
    face = cv2.resize(portrait[0:200, 130:310], (96, 96), interpolation=cv2.INTER_AREA)
    face[:32, :32] = _STEP * number + _STEP // 2
    return np.asarray(face, np.uint8)


def number_of(rgb: ImageArray) -> int:
    """The number that `picture` put in, as far as a lossy codec leaves it."""
    return round((float(rgb[4:28, 4:28].mean()) - _STEP / 2) / _STEP)


def write_video(path: Path, numbers: Iterable[int], codec: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(
        str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), 25.0, (96, 96)
    )
    assert writer.isOpened()
    for number in numbers:
        writer.write(cv2.cvtColor(picture(number), cv2.COLOR_RGB2BGR))
    writer.release()


def write_picture(path: Path, number: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), cv2.cvtColor(picture(number), cv2.COLOR_RGB2BGR))


def write_text(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def write_codes(path: Path, first: int, codes: Sequence[int]) -> Path:
    """Rows ``frame,code`` from frame `first`."""
    return write_text(path, "".join(f"{first + row},{code}\n" for row, code in enumerate(codes)))


def write_fera(root: Path, *, first: int = 1, views: Sequence[int] = (5, 6)) -> None:
    """One recording to train, one to validate, both of a subject called F001."""
    for partition, codes in (("TR", {"AU01": [0, 1, 5, 9], "AU12": [3, 3, 0, 2]}),
                             ("VA", {"AU01": [2, 2, 2, 2], "AU12": [0, 0, 4, 4]})):  # fmt: skip
        stem = f"FERA17_{partition}_F001_T1"
        for view in views:
            write_video(root / partition / f"{stem}_{view}.mp4", range(4), "mp4v")
        for au, values in codes.items():
            write_codes(root / "int" / f"{stem}_{au}_Int.csv", first, values)
    write_text(
        root / "occ" / "FERA17_TR_F001_T1.csv",
        "0,1,7,12,99\n"
        + "".join(
            f"{first + row},{codes},5\n"
            for row, codes in enumerate(("0,1,1", "1,0,1", "1,9,0", "1,0,1"))
        ),
    )


def write_bp4d(root: Path) -> None:
    """Two subjects, frames from 2440, names padded to three and to five digits."""
    for subject, width in (("F001", 3), ("M002", 5)):
        for number in range(4):
            write_picture(
                root / "2D+3D" / subject / "T1" / f"{2440 + number:0{width}d}.jpg", number
            )
        for au, codes in (("AU06", [0, 2, 9, 5]), ("AU12", [0, 0, 1, 1])):
            folder = root / "AUCoding" / "AU_INT" / au
            write_codes(folder / f"{subject}_T1_{au}.csv", 2440, codes)
    header = ",".join(str(column) for column in range(100))
    rows = []
    for row in range(4):
        present = ["9"] * 99
        present[3] = "1" if row == 1 else "0"  # column 4 is AU04
        present[11] = "0"  # contradicts the intensities of AU12, which count
        rows.append(",".join([str(2440 + row), *present]))
    write_text(root / "AUCoding" / "AU_OCC" / "F001_T1.csv", "\n".join([header, *rows]) + "\n")


def write_disfa(root: Path, *, labels: int = 4) -> None:
    """Two subjects, spelled in the ways the real folders are."""
    write_video(root / "Videos_LeftCamera" / "LeftVideoSN001_comp.avi", range(4), "MJPG")
    write_video(root / "Video_RightCamera" / "RightVideoSN001_Comp.avi", range(4), "MJPG")
    write_video(root / "Videos_LeftCamera" / "LeftVideoSN002_comp.avi", range(4), "MJPG")
    for subject in ("SN001", "SN002"):
        folder = root / "ActionUnit_Labels" / subject
        write_codes(folder / f"{subject}_au1.txt", 1, [row % 6 for row in range(labels)])
        write_codes(folder / f"{subject}_au12.txt", 1, [0] * labels)


UNBC_ROWS: Mapping[str, str] = {
    "ll042t1aaaff001": "",
    "ll042t1aaaff002": "   4.0000000e+00   3.0000000e+00   2.1000000e+01   2.2000000e+01\n"
    "   4.3000000e+01   1.0000000e+00   0.0000000e+00   0.0000000e+00\n",
    "ll042t1aaaff003": "  27.0000000e+00   2.0000000e+00   0.0000000e+00   0.0000000e+00\n",
}


def write_unbc(root: Path) -> None:
    """One sequence of three frames, and the pain scores beside it that look like labels."""
    place = Path("042-ll042") / "ll042t1aaaff"
    for number, (frame, rows) in enumerate(UNBC_ROWS.items()):
        write_text(root / "Frame_Labels" / "FACS" / place / f"{frame}_facs.txt", rows)
        write_text(root / "Frame_Labels" / "PSPI" / place / f"{frame}_facs.txt", "  7.0e+00\n")
        write_picture(root / "Images" / place / f"{frame}.png", number)


def write_folder(root: Path) -> None:
    """Three pictures of two people; one cell is missing, one a letter."""
    for number in range(3):
        write_picture(root / "pictures" / f"{number}.png", number)
    write_text(
        root / "labels.csv",
        "file,subject,AU6,AU12,AU27\n"
        "pictures/0.png,ann,0,C,1\n"
        "pictures/1.png,ann,2.5,,1\n"
        "pictures/2.png,bob,nan,5,1\n",
    )
