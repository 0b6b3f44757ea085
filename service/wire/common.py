"""What several nouns share: kinds of text, limits, and the ids that examples name.

A new field of an answer needs a value in its model's example, of the type that the field has: a
test holds every example against its own schema, and readers of the API documentation see it.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import AfterValidator, ConfigDict, Field

from models.facs import UnknownActionUnitError, au_name

IMAGE_ID: Final = "019e6f1c-3c00-7b1e-a7d4-9f6c1f0a2b3c"
SET_ID: Final = "019e6f1c-52a4-7d30-8c11-2f1e6b7a9d50"
JOB_ID: Final = "019e6f1c-52a5-7f02-9a3e-5d4c3b2a1f00"
CORPUS_ID: Final = "019e6f1d-0a10-7c44-9b1e-7a3d5e8f9012"
DATASET_ID: Final = "019e6f1d-7b21-7e55-8a2f-6b4c3d2e1f01"
SUBJECT_ID: Final = "019e6f1e-1b30-7a66-8c3d-5e2f1a0b9c8d"
MODEL_ID: Final = "019e6f1e-2c41-7b77-9d4e-6f3a2b1c0d9e"
ESTIMATE_ID: Final = "019e6f1e-3d52-7c88-8e5f-7a4b3c2d1e0f"
GENERATOR_ID: Final = "019e6f1f-4e63-7d99-9f60-8b5d4c3e2f1a"
SHA256: Final = "0f343b0931126a20f133d67c2b018a3b5d6a8ff2a5d5a1fbd4d6f1bb0d9a6a52"

GENERATOR: Final = "What draws: the name of a generator that ships, or the id of one of yours."
MAX_SEED: Final = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly."""

Line = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]
Text = Annotated[str, Field(min_length=1, max_length=10_000, pattern=r"^[^\x00]+$")]
"""Any number of lines, but for what no database keeps."""


def _usual(name: str) -> str:
    try:
        return au_name(name)
    except UnknownActionUnitError:
        return name  # whoever knows what the AUs are for says why it cannot be


AuName = Annotated[str, AfterValidator(_usual)]
"""An action unit in a request; ``AU1`` reads as ``AU01``."""


def example(**values: Any) -> ConfigDict:
    """The configuration of a model whose schema shows these values."""
    return ConfigDict(json_schema_extra={"examples": [values]})
