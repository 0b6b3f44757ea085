"""Blobs: everything with bytes, addressed by its own SHA-256."""

from service.artifacts.store import (
    Artifact,
    ArtifactDamagedError,
    ArtifactError,
    ArtifactMissingError,
    ArtifactStore,
    StoredBlob,
    StoreFullError,
    StoreUnavailableError,
    address_of,
    address_of_file,
    open_store,
)

__all__ = [
    "Artifact",
    "ArtifactDamagedError",
    "ArtifactError",
    "ArtifactMissingError",
    "ArtifactStore",
    "StoreFullError",
    "StoreUnavailableError",
    "StoredBlob",
    "address_of",
    "address_of_file",
    "open_store",
]
