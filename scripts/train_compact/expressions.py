"""Which expressions are drawn: see `models.generators.expressions`."""

from models.generators.expressions import balanced_targets

__all__ = ["balanced_targets"]
