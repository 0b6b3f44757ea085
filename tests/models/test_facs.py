"""The AU vocabulary, intensities and targets."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.facs import (
    AU_NAMES,
    LEVELS,
    SIDES,
    SUPPORTED_AUS,
    ContradictorySidesError,
    IntensityError,
    Target,
    TargetError,
    UnknownActionUnitError,
    au_name,
    bilateral,
    from_vector,
    is_present,
    level,
    level_indices,
    parse_intensity,
    presence,
    printed,
    split_side,
    targets_array,
)

NAMES = [f"{au}{side}" for au in SUPPORTED_AUS for side in ("", *SIDES)]
INTENSITIES = st.floats(0, 5) | st.integers(0, 5) | st.sampled_from(LEVELS)


def test_the_vocabulary_is_complete() -> None:
    numbers = [int(au[2:]) for au in SUPPORTED_AUS]
    assert numbers == [1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 24, 25, 26, 43]
    assert tuple(AU_NAMES) == SUPPORTED_AUS
    assert SIDES == ("L", "R")


@pytest.mark.parametrize("name", NAMES)
def test_names_split_into_unit_and_side(name: str) -> None:
    au, side = split_side(name)
    assert f"{au}{side or ''}" == name


STRANGE = ["AU3", "AU03", "AU012", "AU", "12", "au12", "AU12l", "AU12LR", "AU1LL", "AU٠١"]


@pytest.mark.parametrize("name", [*STRANGE, " AU12", "AU12\n", ""])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(UnknownActionUnitError) as caught:
        split_side(name)
    assert caught.value.field == name
    assert "AU43" in str(caught.value)


SHORT = {name.replace("AU0", "AU"): name for name in NAMES if name.startswith("AU0")}


@pytest.mark.parametrize("name", SHORT)
def test_the_nought_may_be_left_out(name: str) -> None:
    assert au_name(name) == SHORT[name] != name
    assert Target.parse({name: "C"}) == Target.parse({SHORT[name]: 3})


def test_a_unit_given_with_its_nought_and_without_is_refused() -> None:
    with pytest.raises(ContradictorySidesError, match="AU1 is AU01, which is given too") as caught:
        Target.parse({"AU01": 1, "AU1": 1})
    assert caught.value.field == "AU1"
    with pytest.raises(ContradictorySidesError, match="AU01L contradicts AU01"):
        Target.parse({"AU1": 1, "AU1L": 1})


@pytest.mark.parametrize(("name", "hint"), [("AU45", "write AU43."), ("AU46", "AU43L or AU43R.")])
def test_units_that_others_code_apart_lead_to_ours(name: str, hint: str) -> None:
    with pytest.raises(UnknownActionUnitError, match=hint) as caught:
        split_side(name)
    assert caught.value.field == name


@given(st.text())
def test_any_text_is_a_supported_unit_or_refused(name: str) -> None:
    if name in (*NAMES, *SHORT):
        assert split_side(name)[0] in SUPPORTED_AUS
    else:
        with pytest.raises(UnknownActionUnitError):
            split_side(name)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("A", 1), ("e", 5), ("0", 0), (" C ", 3), ("2.5", 2.5), (4, 4), (0.25, 0.25), (np.int8(5), 5)],
)
def test_intensities_are_letters_or_numbers(value: object, expected: float) -> None:
    assert parse_intensity(value) == expected


@pytest.mark.parametrize(
    "value", [-0.1, 5.01, math.nan, math.inf, True, None, "F", "", "nan", [1], "-1", 10**400]
)
def test_other_intensities_are_refused(value: object) -> None:
    with pytest.raises(IntensityError):
        parse_intensity(value, "AU12")


@given(st.floats(0, 5), st.sampled_from([np.float32, np.float64]))
def test_what_is_printed_says_level_and_presence(intensity: float, kind: type[np.floating]) -> None:
    array: npt.NDArray[np.floating] = np.array([intensity], kind)
    seen = f"{printed(array)[0]:.2f}"
    assert float(seen) == pytest.approx(intensity, abs=0.005 + 1e-6)
    # read off the two decimals by hand, as whoever has nothing but the table does
    whole, _, hundredths = seen.partition(".")
    read = min(int(whole) + (int(hundredths) >= 50), 5)
    assert LEVELS[int(level_indices(array)[0])] == level(float(array[0])) == LEVELS[read]
    assert level(float(seen)) == level(float(array[0]))
    assert bool(presence(array)[0]) == is_present(float(array[0])) == (read >= 1)
    assert bool(presence(array, "C")[0]) == is_present(float(array[0]), "C") == (read >= 3)


@pytest.mark.parametrize(
    ("intensity", "letter"),
    [(0, "0"), (0.494, "0"), (0.496, "A"), (0.5, "A"), (0.996, "A"), (1, "A"), (1.494, "A"),
     (1.4951, "B"), (4.5, "E"), (5, "E")],
)  # fmt: skip
def test_a_trace_is_present(intensity: float, letter: str) -> None:
    assert level(intensity) == letter
    assert is_present(intensity) == (letter != "0")


def test_what_is_not_coded_is_not_present() -> None:
    array = np.array([np.nan, 0, 1], np.float32)
    assert level_indices(array).tolist() == [-1, 0, 1]
    assert presence(array).tolist() == [False, False, True]


@given(st.dictionaries(st.sampled_from(NAMES), INTENSITIES, max_size=8))
def test_targets_keep_what_is_asked_or_name_the_contradiction(asked: dict[str, object]) -> None:
    sided = {name[:-1] for name in asked if name[-1] in SIDES}
    contradicted = sided & set(asked)
    if contradicted:
        with pytest.raises(ContradictorySidesError) as caught:
            Target.parse(asked)
        assert caught.value.field[:-1] in contradicted
        return
    array = Target.parse(asked).array()
    assert array.shape == (18, 2)
    assert array.dtype == np.float32
    for name, value in asked.items():
        au, side = split_side(name)
        sides = SIDES if side is None else (side,)
        for one in sides:
            found = array[SUPPORTED_AUS.index(au), SIDES.index(one)]
            assert found == np.float32(parse_intensity(value))
    named = {split_side(name)[0] for name in asked}
    rest = [index for index, au in enumerate(SUPPORTED_AUS) if au not in named]
    assert not array[rest].any()


def test_targets_are_equal_however_they_are_written() -> None:
    one, other = Target.parse({"AU12": "C", "AU06": 2}), Target.parse({"AU06": "B", "AU12": 3.0})
    assert one == other
    assert hash(one) == hash(other)
    assert one.as_dict() == {"AU06": 2.0, "AU12": 3.0}


def test_the_error_names_the_field() -> None:
    with pytest.raises(TargetError) as caught:
        Target.parse({"AU12": 3, "AU06": 9})
    assert caught.value.field == "AU06"


def test_targets_stack() -> None:
    assert targets_array([]).shape == (0, 18, 2)
    both = targets_array([Target.parse({"AU12L": "E"}), Target.parse({})])
    assert both[0, SUPPORTED_AUS.index("AU12")].tolist() == [5, 0]
    assert not both[1].any()


def test_vectors_become_targets() -> None:
    vector = np.zeros(18, np.float32)
    vector[SUPPORTED_AUS.index("AU04")] = 2.5
    assert from_vector(vector).as_dict() == {"AU04": 2.5}
    with pytest.raises(ValueError, match="18 entries"):
        from_vector(vector[:-1])
    with pytest.raises(IntensityError):
        from_vector([9.0] * 18)


def test_an_au_is_as_strong_as_its_stronger_side() -> None:
    array = targets_array([Target.parse({"AU12L": "B", "AU12R": "D"})])
    assert bilateral(array)[0, SUPPORTED_AUS.index("AU12")] == 4
    with pytest.raises(ValueError, match="expected"):
        bilateral(np.zeros((18,), np.float32))
