"""What a checkpoint's ``config.json`` says about an estimator."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from models.checkpoints import CheckpointMismatchError
from models.facs import SUPPORTED_AUS
from models.registration.face import RegistrationKind

Architecture = Literal["compact", "vgg16"]
Normalisation = Literal["none", "au0", "mean-texture"]
Method = Literal["generic", "one-frame", "fine-tune", "both"]
FORMAT: Final = 1
REFERENCE_FEATURES: Final = "reference.features"
"""Tensor of a checkpoint: features of a person's neutral face, float32 (1, F)."""
REFERENCE_IMAGE: Final = "reference.image"
"""Tensor of a normalised checkpoint: a person's neutral face or mean texture, float16
(224, 224, 3), whole numbers 0 to 255."""


@dataclass(frozen=True)
class EstimatorConfig:
    """An estimator, without its weights.

    Attributes:
        architecture: which network.
        aus: the AUs it answers for, in the order of its outputs.
        registration: how faces must be registered.
        normalisation: what is done to a face before it is read; other than "none" needs the
            subject's neutral face or mean texture at each reading.
        network: the network's own dataclass, as a mapping.
        method: how it was fitted to one person, or "generic".
        lineage: where it comes from: data, specifications, seeds, licences, base model.
    """

    architecture: Architecture
    aus: tuple[str, ...]
    registration: RegistrationKind = "3d"
    normalisation: Normalisation = "none"
    network: Mapping[str, Any] = field(default_factory=dict)
    method: Method = "generic"
    lineage: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """A plain mapping for ``config.json``."""
        return {"format": FORMAT, **dataclasses.asdict(self), "aus": list(self.aus)}

    @classmethod
    def parse(cls, config: Mapping[str, Any]) -> EstimatorConfig:
        """Check what a ``config.json`` holds; the reverse of `as_json`.

        Raises:
            CheckpointMismatchError: a key is missing, unknown or holds something else.
        """
        if "kind" in config and "architecture" not in config:
            raise CheckpointMismatchError(
                f"The checkpoint is of {config['kind']!r}, which is no estimator of this service."
            )
        if config.get("format") != FORMAT:
            raise CheckpointMismatchError(
                f"The checkpoint's format is {config.get('format')!r}; {FORMAT} is read."
            )
        known = {entry.name for entry in dataclasses.fields(cls)}
        unknown = set(config) - known - {"format"}
        missing = {"architecture", "aus"} - set(config)
        if unknown or missing:
            raise CheckpointMismatchError(
                f"config.json: unknown {sorted(unknown)}, missing {sorted(missing)}."
            )
        for name, allowed in (
            ("architecture", get_args(Architecture)),
            ("registration", get_args(RegistrationKind)),
            ("normalisation", get_args(Normalisation)),
            ("method", get_args(Method)),
        ):
            if name in config and config[name] not in allowed:
                raise CheckpointMismatchError(
                    f"config.json: {name} is {config[name]!r}, not one of {', '.join(allowed)}."
                )
        for name in ("network", "lineage"):
            if not isinstance(config.get(name, {}), dict):
                raise CheckpointMismatchError(f"config.json: {name} is not an object.")
        return cls(**{**{key: config[key] for key in known & set(config)}, "aus": _aus(config)})


def _aus(config: Mapping[str, Any]) -> tuple[str, ...]:
    aus = config["aus"]
    if not isinstance(aus, list) or not aus or len(set(map(str, aus))) != len(aus):
        raise CheckpointMismatchError("config.json: aus is not a list of different AUs.")
    for au in aus:
        if au not in SUPPORTED_AUS:
            raise CheckpointMismatchError(f"config.json: {au!r} is not a supported AU.")
    return tuple(aus)
