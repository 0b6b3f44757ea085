"""Problems: all of them are listed, whoever reports them."""

from __future__ import annotations

import re
from pathlib import Path

from service.errors.base import ProblemError
from service.errors.catalogue import all_problems, problem_of

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
