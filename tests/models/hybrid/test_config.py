"""Configurations of the correction: read back as written, or refused."""

from __future__ import annotations

from typing import Any

import pytest

from models.checkpoints import CheckpointMismatchError
from models.hybrid.config import HybridConfig


def test_a_configuration_is_read_back_as_written() -> None:
    config = HybridConfig((16, 24), 16, 2.0, {"held out": ["one"]})
    assert HybridConfig.parse(config.as_json()) == config


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "compact"},
        {"widths": [16]},
        {"widths": [16, 1000]},
        {"widths": [16, 2.5]},
        {"widths": "wide"},
        {"fine": True},
        {"softness": 0},
        {"softness": "soft"},
        {"lineage": None},
        {"depth": 3},
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(CheckpointMismatchError, match=r"config\.json"):
        HybridConfig.parse(HybridConfig().as_json() | change)
