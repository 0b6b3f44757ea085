"""``facsimile evaluate``."""

from __future__ import annotations

import json
from pathlib import Path

from service.client import Client
from tests.service.cli.conftest import Facsimile
from tests.support.small_corpora import folder_files, written


def test_a_folder_is_evaluated(facsimile: Facsimile, tmp_path: Path) -> None:
    folder = written(folder_files(people=2, each=4), tmp_path / "lab")
    groups = tmp_path / "groups.csv"
    groups.write_text("subject,gender\nperson0,woman\nperson1,man\n")
    done = facsimile(
        "evaluate", "compact", folder, "--groups", groups, "--against", "compact",
        "--out", "out/all.json", "--resamples", "100", COLUMNS="80",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "8 frames of 2 people" in done.stdout
    assert "1 of 9 frames show no face" in done.stdout
    assert max(len(line) for line in done.stdout.splitlines()) <= 80
    report = json.loads((tmp_path / "out" / "all.json").read_text())
    assert set(report["aus"]) == {"AU06", "AU12"}
    assert report["aus"]["AU12"]["frames"] == 8
    assert sum(map(sum, report["aus"]["AU12"]["confusion"])) == 8
    assert {person["subject"] for person in report["persons"]} == {"person0", "person1"}
    assert set(report["groups"]["gender"]) == {"woman", "man"}
    assert sum(group["people"] for group in report["groups"]["skin"].values()) == 2
    assert report["difference"]["AU12"]["mae"]["value"] == 0


def test_what_cannot_be_evaluated_is_a_sentence(facsimile: Facsimile, tmp_path: Path) -> None:
    folder = written(folder_files(people=1, each=2), tmp_path / "lab")
    (tmp_path / "groups.csv").write_text("name,gender\nS,x\n")
    for arguments, told in (
        (["best", folder], "There is no model 'best'"),
        (["compact", tmp_path / "nowhere"], "nowhere"),
        (["compact", folder, "--layout", "mine"], "'mine' is no corpus layout"),
        (["compact", folder, "--split", "test"], "cannot fill 3 splits"),
        (["compact", folder, "--groups", tmp_path / "groups.csv"], "needs a column 'subject'"),
    ):
        done = facsimile("evaluate", *arguments, "--out", "out.json")
        assert done.returncode == 1, done.stdout
        assert told in done.stderr.replace("\n", " ")
        assert not (tmp_path / "out.json").exists()


def test_an_imported_corpus_is_evaluated_by_the_service(
    facsimile: Facsimile, running: Client, tmp_path: Path
) -> None:
    folder = written(folder_files(people=2, each=4, faceless=0), tmp_path / "lab")
    imported = facsimile("corpus", "import", folder, "--url", running.url)
    assert imported.returncode == 0, imported.stderr
    corpus = imported.stdout.strip()
    done = facsimile(
        "evaluate", "compact", corpus, "--out", "all.json", "--url", running.url, COLUMNS="80"
    )
    assert done.returncode == 0, done.stderr
    here = facsimile("evaluate", "compact", folder, "--out", "here.json")
    assert here.returncode == 0, here.stderr
    there, mine = (json.loads((tmp_path / name).read_text()) for name in ("all.json", "here.json"))
    assert there["aus"] == mine["aus"], "the service reads what the command reads"
