"""Ordered contours of the 468-vertex face mesh: which vertex lies where.

Left and right are the subject's own; contours that cross the face go from the subject's right
(the image's left) to their left, and the upper and lower contour of an opening start and end in
the same two vertices. The numbering is that of the Face Mesh network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

Contour = tuple[int, ...]


@dataclass(frozen=True)
class Opening:
    """The rim of an eye or of the mouth: upper and lower contour, corner to corner."""

    upper: Contour
    lower: Contour


OUTER_LIPS: Final = Opening(
    upper=(61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291),
    lower=(61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291),
)
INNER_LIPS: Final = Opening(
    upper=(78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308),
    lower=(78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308),
)
RIGHT_EYE: Final = Opening(
    upper=(33, 246, 161, 160, 159, 158, 157, 173, 133),
    lower=(33, 7, 163, 144, 145, 153, 154, 155, 133),
)
LEFT_EYE: Final = Opening(
    upper=(362, 398, 384, 385, 386, 387, 388, 466, 263),
    lower=(362, 382, 381, 380, 374, 373, 390, 249, 263),
)
RIGHT_BROW: Final = Opening(upper=(70, 63, 105, 66, 107), lower=(46, 53, 52, 65, 55))
LEFT_BROW: Final = Opening(upper=(336, 296, 334, 293, 300), lower=(285, 295, 282, 283, 276))
"""Brows are strips, not openings: upper and lower edge, without common ends."""

FACE_OVAL: Final[Contour] = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""The mesh's rim, clockwise in the image from the middle of the forehead."""

NOSE_BRIDGE: Final[Contour] = (168, 6, 197, 195, 5, 4)
"""From between the eyes down to the tip."""
NOSE_BASE: Final[Contour] = (98, 97, 2, 326, 327)
"""Below the nostrils."""

EYE_CORNERS: Final[Contour] = (33, 133, 362, 263)
"""Right outer, right inner, left inner, left outer."""
