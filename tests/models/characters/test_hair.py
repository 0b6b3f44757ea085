"""Hair is cut along its line, and follows the head it grows on."""

from __future__ import annotations

import numpy as np

from models.characters.cast import CAST
from models.characters.hair import grown
from models.characters.head import load_head
from models.characters.looks import Blob, Hair
from models.facs import Target


def test_the_line_is_where_it_was_asked_for() -> None:
    head = load_head("medium")
    hair = grown(head, Hair((0, 0, 0), line=-1.4, curve=0.0, depth=0.1))
    roots, share = hair.roots, hair.share[:, None]
    at = head.rest[roots[:, 0]] * (1 - share) + head.rest[roots[:, 1]] * share
    front = (np.abs(at[:, 0]) < 0.4) & (at[:, 2] < 0.5)
    assert at[front, 1].max() <= -1.4 + 1e-4
    assert at[front, 1].max() > -1.41, "it is cut, not left out triangle by triangle"
    assert np.linalg.norm(hair.offset, axis=1).max() < 0.1 + 1e-5


def test_it_moves_with_the_forehead() -> None:
    head = load_head("medium")
    hair = grown(head, CAST["rory"].hair)
    raised = head.posed(head.rest, Target.parse({"AU01": 5, "AU02": 5}).array())
    shell = slice(0, len(hair.roots))
    assert np.abs(hair.on(raised)[shell] - hair.on(head.rest)[shell]).max() > 0.01


def test_locks_come_in_pairs_and_who_is_bald_has_no_shell() -> None:
    head = load_head("small")
    bald = grown(head, Hair((0, 0, 0), line=None, locks=(Blob((1.0, 0, 0), (0.2,) * 3, True),)))
    assert len(bald.roots) == 0
    assert len(bald.locks) % 2 == 0
    assert np.allclose(bald.locks[:, 0].mean(), 0, atol=1e-6)
    assert bald.triangles.max() == len(bald.locks) - 1
