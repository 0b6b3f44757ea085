"""Drawings by the rig as it is now, which may be another than the one learnt from."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from models.estimators.crop import crop_faces
from models.estimators.faces import LabelledFaces
from models.facs import bilateral
from models.generators.expressions import balanced_targets
from models.generators.rig import RigGenerator
from models.registration.registrar import load_registrar
from scripts.fit_rig.photos import read_face
from scripts.train_compact.people import split_people


def drawn_now(data: Path, references: LabelledFaces, people: int = 12) -> LabelledFaces:
    """54 expressions of each of the first test people; `references` has everybody's neutral."""
    registrar, rig = load_registrar(), RigGenerator()
    rng = np.random.default_rng(31)
    everybody = split_people(data)
    members = [row for row, person in enumerate(everybody) if person.split == "test"][:people]
    images, labels = [], []
    for member in members:
        face = read_face(registrar, everybody[member].neutral)
        targets = balanced_targets(54, rng)
        images.append(crop_faces(rig.generate([face] * len(targets), targets)))
        labels.append(bilateral(targets))
    return LabelledFaces(
        np.concatenate(images),
        np.concatenate(labels),
        np.repeat(np.array(members, np.int64), 54),
        references.neutrals,
    )
