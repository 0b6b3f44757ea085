"""Whose face is which, by position and size."""

from __future__ import annotations

from models.registration.tracking import FaceTracks

LEFT, RIGHT = (50.0, 100.0), (400.0, 100.0)


def _box(middle: tuple[float, float], side: float) -> tuple[float, float, float, float]:
    return middle[0] - side / 2, middle[1] - side / 2, side, side


def test_faces_keep_their_numbers_when_their_sizes_swap() -> None:
    tracks = FaceTracks()
    for number in range(10):
        sides = (100.0, 90.0) if number % 2 == 0 else (90.0, 100.0)
        boxes = [_box(LEFT, sides[0]), _box(RIGHT, sides[1])]
        larger_first = boxes if sides[0] > sides[1] else boxes[::-1]
        numbers = tracks.next(larger_first)
        assert numbers == ([0, 1] if sides[0] > sides[1] else [1, 0])
        assert tracks.followed == 0


def test_a_face_is_followed_where_it_goes() -> None:
    tracks = FaceTracks()
    for number in range(20):
        moving = _box((50 + 30 * number, 100), 100 + 3 * number)
        assert tracks.next([moving]) == [0]


def test_nearest_faces_are_joined_first() -> None:
    tracks = FaceTracks()
    tracks.next([_box((100, 100), 100), _box((160, 100), 100)])
    assert tracks.next([_box((130, 100), 100), _box((185, 100), 100)]) == [0, 1]
    # the right one alone: not the left one's, though within reach of it
    assert tracks.next([_box((175, 100), 100)]) == [1]


def test_nobody_else_is_read_while_the_followed_face_is_away() -> None:
    tracks = FaceTracks()
    tracks.next([_box(LEFT, 100), _box(RIGHT, 80)])
    for _ in range(10):
        assert tracks.next([_box(RIGHT, 80)]) == [1]
        assert tracks.followed == 0
    assert tracks.next([_box(LEFT, 100), _box(RIGHT, 80)]) == [0, 1]
    for _ in range(40):
        tracks.next([_box(RIGHT, 80)])
    assert tracks.followed == 1, "gone for good: the other is what there is to follow"


def test_after_a_cut_the_new_face_is_followed_at_once() -> None:
    tracks = FaceTracks()
    for _ in range(5):
        tracks.next([_box(LEFT, 100)])
    assert tracks.next([_box(RIGHT, 180)]) == [1]
    assert tracks.followed == 1


def test_a_pattern_that_passes_for_a_face_is_let_go_again() -> None:
    tracks = FaceTracks()
    tracks.next([_box(LEFT, 100)])
    assert tracks.next([_box(RIGHT, 60)]) == [1]
    for _ in range(3):
        tracks.next([_box(LEFT, 100)])
        assert tracks.followed == 0


def test_frames_without_faces_are_no_reason_to_start_anew() -> None:
    tracks = FaceTracks()
    assert tracks.next([]) == []
    assert tracks.followed is None
    assert tracks.next([_box(LEFT, 100)]) == [0]
    for _ in range(60):
        tracks.next([])
    assert tracks.next([_box(LEFT, 100)]) == [0]
    assert tracks.followed == 0
