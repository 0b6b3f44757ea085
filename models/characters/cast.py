"""The characters that ship."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from models.characters.features import Scaling
from models.characters.looks import Beard, Blob, Brows, Character, Eyes, Hair

CAST: Final[Mapping[str, Character]] = {
    character.name: character
    for character in (
        Character(
            "juno",
            "A young woman with large eyes, a bob with a fringe, and light skin.",
            skin=(245, 211, 188),
            lips=(205, 92, 98),
            brows=Brows((92, 52, 36), (0.22, -0.76), (0.62, -0.88), (0.95, -0.74), (0.05, 0.05)),
            hair=Hair(
                (112, 58, 38), line=-1.38, curve=0.35, nape=0.8, depth=0.24, covers_ears=True,
                fringe=0.04,
                locks=(Blob((1.25, 0.15, 0.75), (0.34, 0.95, 0.62), paired=True),
                       Blob((0.0, 0.1, 1.75), (1.35, 1.15, 0.8))),
            ),
            eyes=Eyes((88, 138, 88), lash_strength=1.0),
            blush=0.5,
            awake=0.30,
            scalings=(
                Scaling("eyes", (1.38, 1.42, 1.13)),
                Scaling("nose", (0.80, 0.85, 0.80)),
                Scaling("jaw", (0.86, 0.92, 0.95)),
                Scaling("neck", (0.72, 1.0, 0.8)),
            ),
        ),
        Character(
            "otto",
            "An old man, bald on top, with a white moustache, heavy brows and a large nose.",
            skin=(232, 190, 164),
            lips=(178, 104, 96),
            brows=Brows(
                (226, 224, 220), (0.16, -0.74), (0.58, -0.84), (1.00, -0.68), (0.10, 0.105)
            ),
            hair=Hair(
                (222, 222, 220), line=None,
                locks=(Blob((1.40, -0.52, 1.30), (0.26, 0.46, 0.60), paired=True),
                       Blob((0.0, 0.05, 2.35), (1.35, 0.75, 0.55))),
            ),
            eyes=Eyes((84, 118, 150), lash_strength=0.35, lashes=(120, 90, 80)),
            blush=0.55,
            awake=0.15,
            beard=Beard((228, 226, 222), moustache=1.0),
            scalings=(
                Scaling("nose", (1.45, 1.25, 1.30)),
                Scaling("ears", (1.3, 1.35, 1.2)),
                Scaling("jaw", (1.12, 1.0, 1.0)),
                Scaling("eyes", (1.08, 1.08, 1.02)),
            ),
        ),
        Character(
            "amara",
            "A woman with dark skin, an afro and full lips.",
            skin=(122, 76, 52),
            lips=(150, 62, 66),
            brows=Brows((30, 20, 18), (0.21, -0.75), (0.63, -0.88), (0.96, -0.72), (0.055, 0.055)),
            hair=Hair(
                (38, 28, 26), line=-1.55, curve=0.5, nape=0.3, depth=0.30, covers_ears=False,
                locks=(Blob((0.0, -1.45, 1.35), (1.95, 1.62, 1.55)),),
            ),
            eyes=Eyes((84, 52, 34), lash_strength=1.0, lashes=(16, 10, 10)),
            blush=0.3,
            awake=0.30,
            scalings=(
                Scaling("eyes", (1.38, 1.40, 1.10)),
                Scaling("mouth", (1.14, 1.18, 1.08)),
                Scaling("nose", (1.15, 0.95, 0.92)),
                Scaling("neck", (0.75, 1.0, 0.8)),
            ),
        ),
        Character(
            "tarik",
            "A broad man with a black beard, olive skin and short hair.",
            skin=(205, 154, 118),
            lips=(164, 92, 84),
            brows=Brows((28, 22, 20), (0.15, -0.72), (0.60, -0.82), (1.02, -0.68), (0.085, 0.085)),
            hair=Hair((30, 25, 24), line=-1.45, curve=0.35, nape=0.7, depth=0.15),
            eyes=Eyes((70, 46, 32), lash_strength=0.7, lashes=(20, 14, 12)),
            beard=Beard((34, 27, 25), jaw=0.95, moustache=0.95),
            modes=((0, 0.8),),
            awake=0.2,
            scalings=(
                Scaling("jaw", (1.26, 1.08, 1.08)),
                Scaling("neck", (1.25, 1.0, 1.15)),
                Scaling("eyes", (1.20, 1.24, 1.06)),
                Scaling("cheeks", (1.10, 1.0, 1.0)),
            ),
        ),
        Character(
            "mei",
            "A girl with two buns, a round face, a small nose and black hair.",
            skin=(248, 218, 186),
            lips=(216, 106, 106),
            brows=Brows((34, 28, 30), (0.26, -0.80), (0.60, -0.88), (0.88, -0.78), (0.045, 0.045)),
            hair=Hair(
                (36, 32, 40), line=-1.42, curve=0.45, nape=0.75, depth=0.16, fringe=0.03,
                locks=(Blob((1.15, -2.05, 0.95), (0.58, 0.56, 0.56), paired=True),),
            ),
            eyes=Eyes((58, 38, 30), lash_strength=0.9, lashes=(24, 18, 20)),
            blush=0.6,
            awake=0.45,
            scalings=(
                Scaling("skull", (1.14, 1.10, 1.08)),
                Scaling("cheeks", (1.20, 1.08, 1.05)),
                Scaling("eyes", (1.38, 1.40, 1.14), moved=(0.05, 0.06, 0.0)),
                Scaling("nose", (0.68, 0.72, 0.62)),
                Scaling("mouth", (0.86, 0.92, 0.95)),
                Scaling("jaw", (0.90, 0.80, 0.92)),
                Scaling("neck", (0.60, 1.0, 0.7)),
            ),
        ),
        Character(
            "rory",
            "A freckled youth with a tuft of red hair, green eyes and ears that stand off.",
            skin=(250, 214, 190),
            lips=(206, 112, 100),
            brows=Brows((168, 78, 34), (0.18, -0.74), (0.62, -0.85), (0.98, -0.72), (0.07, 0.065)),
            hair=Hair(
                (198, 84, 32), line=-1.45, curve=0.5, nape=0.45, depth=0.16,
                locks=(Blob((0.0, -2.10, 0.25), (0.85, 0.42, 0.55)),
                       Blob((0.35, -2.30, 0.15), (0.45, 0.40, 0.42)),
                       Blob((-0.40, -2.22, 0.20), (0.48, 0.36, 0.42))),
            ),
            eyes=Eyes((64, 140, 110), lash_strength=0.55, lashes=(110, 58, 36)),
            blush=0.5,
            freckles=0.7,
            awake=0.25,
            scalings=(
                Scaling("eyes", (1.32, 1.36, 1.09)),
                Scaling("ears", (1.45, 1.25, 1.2)),
                Scaling("nose", (0.95, 0.9, 1.1)),
                Scaling("jaw", (0.92, 1.08, 1.0)),
                Scaling("neck", (0.78, 1.0, 0.85)),
            ),
        ),
        Character(
            "zin",
            "Somebody from elsewhere: mint skin, violet hair, huge eyes, and a narrow jaw.",
            skin=(158, 214, 178),
            lips=(86, 128, 128),
            brows=Brows((84, 52, 130), (0.24, -0.82), (0.64, -0.94), (0.96, -0.80), (0.06, 0.055)),
            hair=Hair(
                (118, 76, 182), line=-1.50, curve=0.3, nape=0.55, depth=0.18,
                locks=(Blob((0.0, -2.35, 0.75), (0.36, 0.85, 0.50)),
                       Blob((0.0, -2.05, 1.45), (0.34, 0.75, 0.55)),
                       Blob((0.0, -1.45, 2.15), (0.32, 0.75, 0.5))),
            ),
            eyes=Eyes((206, 132, 36), white=(244, 248, 236), lash_strength=0.9,
                      lashes=(44, 40, 70)),
            blush=0.2,
            awake=0.45,
            scalings=(
                Scaling("eyes", (1.45, 1.46, 1.18), moved=(0.09, 0.0, 0.0)),
                Scaling("nose", (0.62, 0.75, 0.60)),
                Scaling("jaw", (0.74, 1.04, 0.92)),
                Scaling("ears", (1.2, 1.5, 1.0)),
                Scaling("neck", (0.60, 1.0, 0.7)),
            ),
        ),
    )
}  # fmt: skip
"""By name. They are nobody: made of the mean head, features scaled, and colours."""
