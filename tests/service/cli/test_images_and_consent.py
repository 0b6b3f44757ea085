"""``facsimile image``, ``subject renew``, and whom drawings are of."""

from __future__ import annotations

import json
from pathlib import Path

from service.client import Client
from tests.service.cli.conftest import Facsimile

CONSENT = ("--basis", "consent", "--reference", "f1", "--date", "2026-11-02")


def created(facsimile: Facsimile, url: tuple[str, str]) -> str:
    """The id of a new subject."""
    made = facsimile("subject", "create", "P08", *CONSENT, *url)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def test_drawings_and_datasets_are_of_a_subject_and_go_with_their_photo(
    facsimile: Facsimile, running: Client, portrait: Path, tmp_path: Path
) -> None:
    url = ("--url", running.url)
    subject = created(facsimile, url)
    drawn = facsimile(
        "synthesise", portrait, "--au", "AU12=B", "--output", "face", "--subject", subject,
        "--out", tmp_path / "out", *url,
    )  # fmt: skip
    assert drawn.returncode == 0, drawn.stderr
    built = facsimile(
        "dataset", "build", "--image", portrait, "--target", "smile:AU12=C", "--subject", subject,
        "--out", tmp_path / "set.zip", *url,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    listed = facsimile("image", "list", "--subject", subject, *url).stdout
    assert listed.count(subject) == 2
    assert "512x512" in listed
    ids = [str(image.id) for image in running.images(subject)]
    asked = facsimile("image", "delete", ids[0], *url)
    assert asked.returncode != 0
    assert "Delete this photo" in asked.stderr
    deleted = facsimile("image", "delete", ids[0], "--yes", *url)
    receipt = json.loads(deleted.stdout)
    assert (receipt["image_id"], receipt["images"]) == (ids[0], 1)
    assert len(receipt["datasets_withdrawn"]) == 1
    # The dataset's photo is the same file.
    (kept,) = [blob for blob in receipt["blobs"] if not blob["erased"]]
    assert kept["reason"] == f"The very same bytes are your image {ids[1]}, which stays."
    left = facsimile("image", "list", "--subject", subject, *url).stdout
    assert (ids[0] in left, ids[1] in left) == (False, True)


def test_a_consent_is_renewed(facsimile: Facsimile, running: Client) -> None:
    url = ("--url", running.url)
    subject = created(facsimile, url)
    done = facsimile("subject", "renew", subject, *CONSENT[:-1], "2026-11-20",
                     "--expires", "2036-11-19", *url)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "P08: consent of 2026-11-20, good until 2036-11-19\n"
    endless = facsimile("subject", "renew", subject, *CONSENT, *url)
    assert endless.stdout == "P08: consent of 2026-11-02, good without an end\n"
    wrong = facsimile("subject", "renew", subject, *CONSENT[:-1], "tomorrow", *url)
    assert "write YYYY-MM-DD" in wrong.stderr


def test_a_service_of_the_commands_own_knows_no_subjects(
    facsimile: Facsimile, portrait: Path
) -> None:
    done = facsimile("synthesise", portrait, "--au", "AU12=B", "--subject",
                     "019e6f1e-1b30-7a66-8c3d-5e2f1a0b9c8d")  # fmt: skip
    assert done.returncode == 1
    assert "--url" in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2
