"""The mark that every synthetic image carries: what drew it, for which target, by which seed.

It is an XMP packet (ISO 16684-1) with IPTC's digital source type, which readers of provenance
look for, beside properties of our own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

SYNTHETIC_SOURCE: Final = (
    "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
)
"""IPTC digital source type of a photo that a trained model has altered."""

ALGORITHMIC_SOURCE: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"
"""Of a picture that an algorithm has made of no photo at all."""

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_IPTC_EXT: Final = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_OURS: Final = "urn:facsimile:xmp:1.0:"


@dataclass(frozen=True)
class SyntheticMark:
    """What a synthetic image says of itself.

    Attributes:
        generator: name of the generator that drew it.
        target: AU name -> intensity 0..5 that it was drawn for.
        seed: of whatever was random in the drawing.
        source: IPTC digital source type.
    """

    generator: str
    target: Mapping[str, float]
    seed: int
    source: str = SYNTHETIC_SOURCE


def xmp_packet(mark: SyntheticMark) -> str:
    """The mark as XMP; equal marks give equal packets."""
    target = {name: float(mark.target[name]) for name in sorted(mark.target)}
    properties = {
        "Iptc4xmpExt:DigitalSourceType": mark.source,
        "facsimile:generator": mark.generator,
        "facsimile:target": json.dumps(target),
        "facsimile:seed": str(mark.seed),
    }
    described = "".join(f"\n    {name}={quoteattr(value)}" for name, value in properties.items())
    # The id is the one that the standard prescribes for every packet.
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
        f' <rdf:RDF xmlns:rdf="{_RDF}">\n'
        f'  <rdf:Description rdf:about="" xmlns:Iptc4xmpExt="{_IPTC_EXT}"'
        f' xmlns:facsimile="{_OURS}"{described}/>\n'
        " </rdf:RDF>\n"
        "</x:xmpmeta>\n"
        '<?xpacket end="r"?>'
    )


def read_xmp_packet(packet: str) -> SyntheticMark | None:
    """The mark in an XMP packet, which may come from anywhere; None when it holds none."""
    # A document type could define entities that grow without bound; ours has none.
    if "<!" in packet:
        return None
    try:
        description = ElementTree.fromstring(packet).find(f".//{{{_RDF}}}Description")
    except ElementTree.ParseError:
        return None
    if description is None or description.get(f"{{{_OURS}}}generator") is None:
        return None
    try:
        target = json.loads(description.get(f"{{{_OURS}}}target", ""))
        return SyntheticMark(
            generator=description.get(f"{{{_OURS}}}generator", ""),
            target={str(name): float(intensity) for name, intensity in target.items()},
            seed=int(description.get(f"{{{_OURS}}}seed", "")),
            source=description.get(f"{{{_IPTC_EXT}}}DigitalSourceType", SYNTHETIC_SOURCE),
        )
    except (ValueError, TypeError, AttributeError):
        return None
