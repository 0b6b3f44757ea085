"""Problems: all of them are listed, whoever reports them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from service.errors.base import ProblemError, sentence
from service.errors.catalogue import all_problems, problem_of
from service.jobs.contracts import job_error

ROOT = Path(__file__).parents[2]


def below(kind: type[ProblemError]) -> set[type[ProblemError]]:
    """A class and all that inherit from it."""
    return {kind}.union(*(below(child) for child in kind.__subclasses__()))


def test_the_catalogue_has_every_problem_once() -> None:
    listed = all_problems()
    assert set(listed) == {kind for kind in below(ProblemError) if kind.__module__ != __name__} - {
        ProblemError
    }
    assert len({problem.code for problem in listed}) == len(listed) > 60
    names = {path.stem for path in (ROOT / "service" / "errors").glob("*.py")}
    assert {problem.__module__.rpartition(".")[2] for problem in listed} == names - {
        "__init__",
        "base",
        "catalogue",
    }


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("It goes from 0 to 5", "It goes from 0 to 5."),
        ("It goes from 0 to 5.", "It goes from 0 to 5."),
        ("It goes from 0 to 5..", "It goes from 0 to 5."),
        ("aus: It goes from 0 to 5. .\n", "aus: It goes from 0 to 5."),
        ("Is it a face?", "Is it a face?"),
        ("[1, 2, 3, …", "[1, 2, 3, …"),
    ],
)
def test_whatever_is_told_ends_with_one_full_stop(given: str, told: str) -> None:
    assert sentence(given) == told
    problems = [kind(given) for kind in all_problems() if kind.__init__ is ProblemError.__init__]
    assert len(problems) > 60
    assert {(problem.detail, str(problem)) for problem in problems} == {(told, told)}
    assert job_error("no-face", "No face", given)["detail"] == told


def test_a_problem_is_found_by_its_code() -> None:
    assert {problem_of(problem.code) for problem in all_problems()} == set(all_problems())
    assert problem_of("none") is None


def test_whatever_ends_a_job_is_explained() -> None:
    texts = [
        path.read_text() for top in ("worker", "models") for path in (ROOT / top).rglob("*.py")
    ]
    codes = {
        code
        for text in texts
        for code in re.findall(
            r'(?:JobFailedError\(\s*|\bcode(?:: ClassVar\[str\])? = )"(.+?)"', text
        )
    }
    assert {"torch-missing", "training-diverged", "unfit-dataset", "no-face"} <= codes
    assert sorted(code for code in codes if problem_of(code) is None) == []
