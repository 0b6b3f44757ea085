"""Shares a number of images out among subjects, as evenly as what they have allows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

CountArray = npt.NDArray[np.int64]


def even_shares(count: int, capacity: CountArray, order: npt.NDArray[np.intp]) -> CountArray:
    """Give each of n subjects its share of `count`, never more than its capacity.

    What one subject cannot take goes to the others, evenly; what does not divide goes to the
    first in `order`.

    Returns:
        int64 (n,) summing to `count`, or to the sum of `capacity` where that is less.
    """
    shares = np.zeros(len(capacity), np.int64)
    left = min(count, int(capacity.sum()))
    while left:
        room = capacity - shares
        open_to_more = np.flatnonzero(room > 0)
        each = left // len(open_to_more)
        if each == 0:
            shares[[subject for subject in order if room[subject] > 0][:left]] += 1
            break
        given = np.minimum(room[open_to_more], each)
        shares[open_to_more] += given
        left -= int(given.sum())
    return shares


def shares_with_repeats(
    count: int, distinct: CountArray, cap: int | None, order: npt.NDArray[np.intp]
) -> CountArray:
    """Even shares, first of what is distinct; what is missing then repeats, up to `cap` each.

    Args:
        distinct: how many different images each subject can give; 0 for those that give none.
        cap: images of one subject, at most.
    """
    limit = np.where(distinct > 0, count if cap is None else cap, 0).astype(np.int64)
    shares = even_shares(count, np.minimum(distinct, limit), order)
    missing = count - int(shares.sum())
    return shares + even_shares(missing, limit - shares, order) if missing else shares
