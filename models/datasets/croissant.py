"""Describes a dataset in Croissant 1.1, the JSON-LD vocabulary of machine-learning datasets.

Specification: http://mlcommons.org/croissant/1.1. The description is of the unpacked folder.
"""

from __future__ import annotations

import json
from typing import Final

import pyarrow as pa

from models import facs
from models.datasets.description import DatasetDescription
from models.datasets.rows import SCHEMA

CONFORMS_TO: Final = "http://mlcommons.org/croissant/1.1"

METHOD: Final = (
    "Niinuma, Onal Ertugrul, Cohn, Jeni: Facial Expression Manipulation for Personalized Facial "
    "Action Estimation. Frontiers in Signal Processing, 2022. doi:10.3389/frsip.2022.861641"
)

CONTEXT: Final[dict[str, object]] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context the specification prints, which tools compare against word by word."""

_COLUMNS: Final[dict[str, str]] = {
    "file_name": "Path of the image in the dataset.",
    "subject": "Whose face the image is drawn on.",
    "source": "The frame or upload the image is drawn from.",
    "generator": "What drew the image; none for a real frame.",
    "synthetic": "Whether the image is drawn; false for a real frame.",
    "split": "train, validation or test: the split the subject is in; empty where there is none.",
    "seed": "Seed of whatever is random in the drawing.",
    "au": "The action unit the image was drawn for.",
    "intensity": "The intensity, 0 to 5, the image was drawn for.",
    "pitch": "Pitch of the head in degrees, positive up.",
    "yaw": "Yaw of the head in degrees, positive to the subject's own left.",
    "neutral": "Whether every action unit that is known of the image is at 0.",
    **{
        au: f"Intensity of {au} ({facs.AU_NAMES[au]}), 0 to 5; empty where nothing is known."
        for au in facs.SUPPORTED_AUS
    },
}


def croissant_json(
    description: DatasetDescription,
    *,
    parquet_sha256: str,
    parquet_size: int,
    shards: str | None = None,
) -> str:
    """The description as JSON-LD text.

    Two record sets: ``labels`` are the rows of ``metadata.parquet``, ``images`` the pictures with
    their rows. Pictures inside tar shards are only named, as files of the set ``shards``.

    Args:
        parquet_sha256, parquet_size: hex digest and bytes of ``metadata.parquet``.
        shards: glob pattern of the tar shards; None where images lie in ``images/``.
    """
    document: dict[str, object] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": description.name,
        "description": description.summary,
        "version": description.version,
        "license": [f"{source.name}: {source.licence}" for source in description.sources],
        "citeAs": METHOD,
        "creator": {"@type": "sc:Organization", "name": "Facsimile"},
        "keywords": ["facial action units", "FACS", "synthetic faces"],
        "isLiveDataset": False,
        "distribution": [_metadata_file(parquet_sha256, parquet_size), _file_set(shards)],
        "recordSet": [_labels()] if shards else [_labels(), _images()],
    }
    if description.url is not None:
        document["url"] = description.url
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _metadata_file(sha256: str, size: int) -> dict[str, object]:
    return {
        "@type": "cr:FileObject",
        "@id": "metadata",
        "name": "metadata.parquet",
        "contentUrl": "metadata.parquet",
        "contentSize": f"{size} B",
        "encodingFormat": "application/x-parquet",
        "sha256": sha256,
    }


def _file_set(shards: str | None) -> dict[str, object]:
    return {
        "@type": "cr:FileSet",
        "@id": "shards" if shards else "image-files",
        "name": "shards" if shards else "image-files",
        "encodingFormat": "application/x-tar" if shards else "image/png",
        "includes": shards or "images/*.png",
    }


def _labels() -> dict[str, object]:
    return {
        "@type": "cr:RecordSet",
        "@id": "labels",
        "name": "labels",
        "description": "One record per image: where it came from and what it shows.",
        "key": {"@id": "labels/file_name"},
        "field": [
            _field("labels", field, {"fileObject": {"@id": "metadata"}}, {"column": field.name})
            for field in SCHEMA
        ],
    }


def _images() -> dict[str, object]:
    files: dict[str, object] = {"fileSet": {"@id": "image-files"}}
    # the transform changes nothing, but mlcroissant 1.1 joins a path with text only through one
    path = {**files, "transform": {"regex": r"(images/.+\.png)"}}
    name = _field("images", SCHEMA.field("file_name"), path, {"fileProperty": "fullpath"})
    name["references"] = {"field": {"@id": "labels/file_name"}}
    return {
        "@type": "cr:RecordSet",
        "@id": "images",
        "name": "images",
        "description": "One record per image, with its pixels and its intensities.",
        "field": [
            name,
            {
                "@type": "cr:Field",
                "@id": "images/image",
                "name": "image",
                "description": "The image, RGB.",
                "dataType": "sc:ImageObject",
                "source": {**files, "extract": {"fileProperty": "content"}},
            },
            *(
                _field("images", SCHEMA.field(au), {"field": {"@id": f"labels/{au}"}}, None)
                for au in facs.SUPPORTED_AUS
            ),
        ],
    }


def _field(
    record_set: str,
    field: pa.Field,
    source: dict[str, object],
    extract: dict[str, object] | None,
) -> dict[str, object]:
    kinds = {
        pa.string(): "sc:Text",
        pa.bool_(): "sc:Boolean",
        pa.int64(): "sc:Integer",
        pa.float32(): "sc:Float",
    }
    return {
        "@type": "cr:Field",
        "@id": f"{record_set}/{field.name}",
        "name": field.name,
        "description": _COLUMNS[field.name],
        "dataType": kinds[field.type],
        "source": {**source, **({"extract": extract} if extract else {})},
    }
