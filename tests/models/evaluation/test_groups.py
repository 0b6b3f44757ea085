"""Tables of groups of people."""

from __future__ import annotations

import pytest

from models.evaluation.groups import Groups, GroupsError, read_groups


def test_a_table_names_groups() -> None:
    groups = read_groups("\ufeffsubject, gender, age\nS1,woman,20-39\nS2,man,\n,,\n")
    assert groups.by_name == {"gender": {"S1": "woman", "S2": "man"}, "age": {"S1": "20-39"}}
    assert groups.people("gender", ["S0", "S2", "S1"]) == {"man": [1], "woman": [2]}


def test_measured_skin_gives_way_to_a_column_of_that_name() -> None:
    measured = {"S1": "dark"}
    assert Groups({}).with_skin(measured).by_name == {"skin": measured}
    told = Groups({"skin": {"S1": "V"}})
    assert told.with_skin(measured) is told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("person,gender\nS1,woman\n", "needs a column 'subject'"),
        ("subject\nS1\n", "needs a column 'subject'"),
        ("", "needs a column 'subject'"),
        ("subject,gender\nS1,woman\nS1,man\n", "S1 is there twice"),
        ("subject,name\n" + "".join(f"S{i},n{i}\n" for i in range(30)), "Put ages into bands"),
        ("subject," + ",".join(f"g{i}" for i in range(20)) + "\n", "are too many"),
    ],
)
def test_other_tables_are_refused(text: str, said: str) -> None:
    with pytest.raises(GroupsError, match=said):
        read_groups(text)
