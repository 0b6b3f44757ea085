"""AU0 normalisation: a face as its difference from the same person's neutral face.

Niinuma et al. (2022): a face's expression is what sets it apart from the same face with all AUs
at 0. The neutral face is photographed or drawn (every AU at 0).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
ImageArray = npt.NDArray[np.uint8]


def difference(faces: ImageArray, reference: ImageArray) -> FloatArray:
    """Faces minus their reference, where both show something.

    Args:
        faces: uint8 (N, H, W, 3), registered.
        reference: uint8 (H, W, 3) or (N, H, W, 3), registered alike.

    Returns:
        float32 (N, H, W, 3) in [-1, 1]: black minus white is -1, no change 0. Pixels that are
        black in a face or its reference (hidden from the camera) are 0.

    Raises:
        ValueError: the shapes do not fit.
    """
    if faces.ndim != 4 or reference.shape not in (faces.shape, faces.shape[1:]):
        raise ValueError(f"faces {faces.shape} and reference {reference.shape} do not fit")
    change = (faces.astype(np.float32) - reference.astype(np.float32)) / 255
    shown = np.logical_and(faces.any(axis=-1, keepdims=True), reference.any(axis=-1, keepdims=True))
    return np.where(shown, change, np.float32(0))
