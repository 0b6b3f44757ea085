"""Importing corpora over HTTP."""

from __future__ import annotations

import io
import stat
import zipfile
from typing import Any
from uuid import uuid4

import pytest

from tests.models.corpora.builders import write_disfa
from tests.support.pictures import no_face
from tests.support.running import Service
from tests.support.small_corpora import face, folder_files, written, zipped


@pytest.fixture(scope="module")
def imported(service: Service) -> dict[str, Any]:
    return service.import_corpus(
        zipped(folder_files(faceless=2)), consent="Everybody agreed in writing."
    )


def test_every_frame_is_registered_or_skipped_for_a_reason(
    service: Service, imported: dict[str, Any]
) -> None:
    assert imported["job"]["state"] == "succeeded"
    assert (imported["job"]["done"], imported["job"]["total"]) == (16, 16)
    assert (imported["frames"], imported["subjects"], imported["registered"]) == (16, 2, 14)
    assert imported["skipped"] == {"no-face": 2}
    assert [skip["frame"] for skip in imported["skipped_examples"]] == [
        "person0/faceless0.jpg",
        "person0/faceless1.jpg",
    ]
    assert imported["aus"]["AU12"] == {"0": 6, "A": 2, "B": 2, "C": 2, "D": 2, "E": 2}
    assert list(imported["aus"]) == ["AU06", "AU12"]
    assert imported["licence"] == "Pictures for tests; do with them what you like."
    assert imported["consent"] == "Everybody agreed in writing."


def test_the_answer_says_where_the_corpus_and_its_job_are(service: Service) -> None:
    answer = service.client.post(
        "/v1/corpora",
        files={"archive": zipped(folder_files(1, 1, faceless=0))},
        data={"name": "one", "layout": "folder"},
    )
    body = answer.json()
    assert answer.headers["location"] == f"/v1/corpora/{body['id']}"
    assert int(answer.headers["retry-after"]) >= 1
    assert body["frames"] is None
    job = service.read(f"/v1/jobs/{body['job']['id']}")
    assert (job["kind"], job["resource"]) == ("corpora", f"/v1/corpora/{body['id']}")
    service.ended(body, noun="corpora")


def test_corpora_and_jobs_are_listed_without_their_shards(
    service: Service, imported: dict[str, Any]
) -> None:
    page = service.read("/v1/corpora?limit=200")
    assert imported["id"] in [row["id"] for row in page["items"]]
    kinds = {job["kind"] for job in service.read("/v1/jobs?limit=200")["items"]}
    assert "corpora" in kinds
    assert [kind for kind in kinds if kind.endswith("-shard")] == []


def test_a_corpus_that_lies_on_the_server(service: Service) -> None:
    root = service.settings.corpora_root
    assert root is not None
    write_disfa(root / "disfa", labels=4)
    answer = service.client.post(
        "/v1/corpora", json={"name": "DISFA", "layout": "disfa", "path": "disfa"}
    )
    assert answer.status_code == 202, answer.text
    body = service.ended(answer.json(), noun="corpora")
    assert body["job"]["state"] == "succeeded", body["job"]
    # one camera for each person, though one has two
    assert (body["frames"], body["subjects"], body["sequences"]) == (8, 2, 2)
    assert body["registered"] + sum(body["skipped"].values()) == 8
    assert body["registered"] > 0


@pytest.mark.parametrize("path", ["../elsewhere", "/etc", "missing", "out", "a\x00b", "a" * 300])
def test_paths_stay_below_the_allowed_root(service: Service, path: str) -> None:
    root = service.settings.corpora_root
    assert root is not None
    root.mkdir(exist_ok=True)
    (root.parent / "elsewhere").mkdir(exist_ok=True)
    if not (root / "out").is_symlink():
        (root / "out").symlink_to(root.parent / "elsewhere")
    answer = service.client.post(
        "/v1/corpora", json={"name": "x", "layout": "folder", "path": path}
    )
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/path-not-allowed")
    # of what lies outside nothing is told, but that a link leads there
    assert ("link" in answer.json()["detail"]) == (path == "out")


def _link() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("labels.csv")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return out.getvalue()


def _bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("labels.csv", bytes(20_000_000))
    return out.getvalue()


@pytest.mark.parametrize(
    ("archive", "member"),
    [
        (zipped({"../outside.txt": b"x"}), "../outside.txt"),
        (_link(), "labels.csv"),
        (_bomb(), "labels.csv"),
        (b"this is no zip archive", None),
        (b"", None),
    ],
    ids=["slip", "link", "bomb", "not a zip", "empty"],
)
def test_archives_that_are_not_safe_are_refused_at_once(
    service: Service, archive: bytes, member: str | None
) -> None:
    answer = service.client.post(
        "/v1/corpora", files={"archive": archive}, data={"name": "x", "layout": "folder"}
    )
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unsafe-archive")
    assert answer.json().get("member") == member


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (
            {"labels.csv": b"file,subject,AU12\na.jpg,ann,1\nb.jpg,ann,9\n"},
            ("labels.csv, line 3", "9"),
        ),
        ({"labels.csv": b"file,subject\na.jpg,ann\nb.jpg,ann\n"}, ("AU",)),
        ({}, ("labels.csv",)),
        (
            {
                "labels.csv": b"file,subject,frame,AU12\nv.mp4,ann,0,1\nv.mp4,ann,1,2\n",
                "v.mp4": b"no video at all",
            },
            ("v.mp4", "cannot be opened"),
        ),
    ],
    ids=["bad label", "no labels", "no table", "unreadable video"],
)
def test_a_broken_corpus_names_what_is_wrong(
    service: Service, files: dict[str, bytes], told: tuple[str, ...]
) -> None:
    pictures = {"a.jpg": face(0), "b.jpg": face(1)}
    body = service.import_corpus(zipped({**pictures, **files}))
    assert body["job"]["state"] == "failed"
    assert body["job"]["error"]["type"] == "/problems/unreadable-corpus"
    for part in told:
        assert part in body["job"]["error"]["detail"]
    assert str(service.data) not in body["job"]["error"]["detail"]


def test_a_corpus_without_any_face_fails_and_says_so(service: Service) -> None:
    files = {"a.jpg": no_face(), "labels.csv": b"file,subject,AU12\na.jpg,ann,1\n"}
    body = service.import_corpus(zipped(files))
    assert body["job"]["state"] == "failed"
    assert body["job"]["error"]["type"] == "/problems/no-face"
    assert "1 no-face" in body["job"]["error"]["detail"]
    answer = service.client.post("/v1/datasets", json={"corpus_id": body["id"]})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/job-failed")


@pytest.mark.parametrize(
    ("fields", "files", "code"),
    [
        ({"name": "x", "layout": "cohn-kanade"}, {"archive": b"PK"}, "unknown-layout"),
        ({"layout": "folder"}, {"archive": b"PK"}, "invalid-request"),
        ({"name": "x", "layout": "folder"}, {}, "unsupported-media-type"),
        ({"name": "x", "layout": "folder", "colour": "red"}, {"archive": b"PK"}, "invalid-request"),
        ({"name": "x", "layout": "folder"}, {"file": b"PK"}, "invalid-request"),
    ],
)
def test_forms_that_say_something_else(
    service: Service, fields: dict[str, str], files: dict[str, bytes], code: str
) -> None:
    answer = service.client.post("/v1/corpora", data=fields, files=files)
    assert answer.json()["type"] == f"/problems/{code}", answer.text
    assert answer.status_code < 500


def test_a_deleted_corpus_is_gone(service: Service) -> None:
    body = service.import_corpus(zipped(folder_files(1, 2, faceless=0)))
    assert service.client.delete(f"/v1/corpora/{body['id']}").status_code == 204
    assert service.client.get(f"/v1/corpora/{body['id']}").status_code == 404
    assert service.client.delete(f"/v1/corpora/{body['id']}").status_code == 404
    answer = service.client.post("/v1/datasets", json={"corpus_id": body["id"]})
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/corpus-not-found")
    page = service.read("/v1/corpora?limit=200")
    assert body["id"] not in [row["id"] for row in page["items"]]


def test_an_unknown_corpus_is_not_there(service: Service) -> None:
    answer = service.client.get(f"/v1/corpora/{uuid4()}")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/corpus-not-found")


def test_the_same_upload_with_an_idempotency_key_is_one_corpus(service: Service) -> None:
    archive = zipped(folder_files(1, 1, faceless=0))

    def post() -> Any:
        return service.client.post(
            "/v1/corpora",
            files={"archive": archive},
            data={"name": "once", "layout": "folder"},
            headers={"Idempotency-Key": "corpus-once"},
        ).json()

    assert post()["id"] == post()["id"]


def test_a_folder_is_read_the_same_as_an_archive_of_it(service: Service) -> None:
    root = service.settings.corpora_root
    assert root is not None
    files = folder_files(1, 3, faceless=0)
    written(files, root / "tiny")
    answer = service.client.post(
        "/v1/corpora", json={"name": "tiny", "layout": "folder", "path": "tiny"}
    )
    by_path = service.ended(answer.json(), noun="corpora")
    by_archive = service.import_corpus(zipped(files))
    for name in ("frames", "registered", "aus", "licence", "notes"):
        assert by_path[name] == by_archive[name]


def _spreadsheet(cells: str = "0,25;NA") -> dict[str, bytes]:
    """Two pictures labelled as a spreadsheet and py-feat would together."""
    table = f"file;subject;AU12;AU45;emotion\n.\\a.JPG;ann;{cells};joy\nb.jpg;bob;0,9;-1;joy\n"
    return {"a.jpg": face(0), "b.jpg": face(1), "labels.csv": table.encode("cp1252")}


def test_a_scale_that_may_be_two_is_asked_for(service: Service) -> None:
    body = service.import_corpus(zipped(_spreadsheet("0,25;0,5")), missing="-1")
    assert body["job"]["state"] == "failed"
    assert body["job"]["error"]["type"] == "/problems/unknown-scale"
    assert "labels.csv: the intensities go from 0.25 to 0.9" in body["job"]["error"]["detail"]


def test_what_was_left_out_and_how_it_was_read_is_kept_with_the_corpus(service: Service) -> None:
    body = service.import_corpus(zipped(_spreadsheet()), scale="0-1", missing="-1,999")
    assert body["job"]["state"] == "succeeded", body["job"]
    assert body["options"] == {"scale": "0-1", "missing": ["-1", "999"]}
    assert body["aus"] == {"AU12": {"0": 0, "A": 1, "B": 0, "C": 0, "D": 0, "E": 1}}
    assert body["notes"] == [
        "The table is separated by semicolons.",
        "AU45 (blink) was read as AU43 (eyes closed).",
        "Columns left out, not labels of AUs: emotion.",
        "Decimals are written with commas.",
        "Cells read as missing: -1 in 1, NA in 1.",
    ]
    assert service.read(f"/v1/corpora/{body['id']}")["notes"] == body["notes"]


@pytest.mark.parametrize(
    ("options", "pointer"),
    [
        ({"layout": "folder", "views": [6]}, "/views"),
        ({"layout": "disfa", "scale": "0-1"}, "/scale"),
        ({"layout": "bp4d", "cameras": ["left"]}, "/cameras"),
        ({"layout": "unbc", "missing": [9]}, "/missing"),
        ({"layout": "folder", "min_confidence": 0.9}, "/min_confidence"),
    ],
)
def test_options_that_do_not_go_with_the_layout_are_refused_at_once(
    service: Service, options: dict[str, Any], pointer: str
) -> None:
    answer = service.client.post("/v1/corpora", json={"name": "x", "path": ".", **options})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-read-option")
    assert answer.json()["pointer"] == pointer


def test_cameras_and_links_of_a_corpus_on_the_server(service: Service) -> None:
    root = service.settings.corpora_root
    assert root is not None
    write_disfa(root / "disks" / "1", labels=4)
    corpus = root / "linked"
    corpus.mkdir(exist_ok=True)
    for name in ("ActionUnit_Labels", "Video_RightCamera"):
        if not (corpus / name).is_symlink():
            (corpus / name).symlink_to(root / "disks" / "1" / name)
    asked = {"name": "x", "layout": "disfa", "path": "linked", "cameras": ["right"]}
    body = service.ended(service.client.post("/v1/corpora", json=asked).json(), noun="corpora")
    assert body["job"]["state"] == "succeeded", body["job"]
    assert (body["frames"], body["sequences"]) == (4, 1)
    assert body["options"] == {"cameras": ["right"]}

    (root.parent / "secret").mkdir(exist_ok=True)
    (corpus / "secret").symlink_to(root.parent / "secret")
    body = service.ended(service.client.post("/v1/corpora", json=asked).json(), noun="corpora")
    assert body["job"]["error"]["type"] == "/problems/unreadable-corpus"
    assert "secret: is a link that leads out of" in body["job"]["error"]["detail"]
    (corpus / "secret").unlink()
