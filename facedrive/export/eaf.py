"""ELAN's .eaf: tiers of intervals, each with a text.

Specification: ELAN Annotation Format, EAFv3.0, Max Planck Institute for Psycholinguistics.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from facedrive.files import write_whole

XSI = "http://www.w3.org/2001/XMLSchema-instance"
SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"


class Interval(NamedTuple):
    """Something that lasts."""

    start_s: float
    end_s: float
    text: str


def write_tiers(path: Path, tiers: Mapping[str, Iterable[Interval]], film: Path | None) -> None:
    """Write tiers as ELAN reads them.

    Args:
        path: Where the file goes.
        tiers: Intervals by the tier's name.
        film: The video, for ELAN to open; None where there is none.

    Raises:
        SinkError: if it cannot be written.
    """
    root = ElementTree.Element("ANNOTATION_DOCUMENT", {
        "AUTHOR": "facedrive", "DATE": "1970-01-01T00:00:00+00:00", "FORMAT": "3.0",
        "VERSION": "3.0", f"{{{XSI}}}noNamespaceSchemaLocation": SCHEMA,
    })  # fmt: skip
    header = ElementTree.SubElement(
        root, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"}
    )
    if film is not None:
        ElementTree.SubElement(header, "MEDIA_DESCRIPTOR", {
            "MEDIA_URL": film.resolve().as_uri(), "MIME_TYPE": "video/mp4"})  # fmt: skip
    order = ElementTree.SubElement(root, "TIME_ORDER")
    for name, intervals in tiers.items():
        _add_tier(root, order, name, intervals)
    ElementTree.SubElement(root, "LINGUISTIC_TYPE", {
        "GRAPHIC_REFERENCES": "false", "LINGUISTIC_TYPE_ID": "intensity",
        "TIME_ALIGNABLE": "true"})  # fmt: skip
    ElementTree.indent(root)
    content: bytes = ElementTree.tostring(root, "utf-8", xml_declaration=True)
    write_whole(path, content + b"\n")


def _add_tier(
    root: ElementTree.Element, order: ElementTree.Element, name: str,
    intervals: Iterable[Interval],
) -> None:  # fmt: skip
    tier = ElementTree.SubElement(root, "TIER", {
        "LINGUISTIC_TYPE_REF": "intensity", "TIER_ID": name})  # fmt: skip
    for each in intervals:
        slots = []
        for when in (each.start_s, each.end_s):
            slots.append(f"ts{len(order) + 1}")
            ElementTree.SubElement(order, "TIME_SLOT", {
                "TIME_SLOT_ID": slots[-1], "TIME_VALUE": str(round(when * 1000))})  # fmt: skip
        annotation = ElementTree.SubElement(tier, "ANNOTATION")
        aligned = ElementTree.SubElement(annotation, "ALIGNABLE_ANNOTATION", {
            "ANNOTATION_ID": f"a{len(order) // 2}", "TIME_SLOT_REF1": slots[0],
            "TIME_SLOT_REF2": slots[1]})  # fmt: skip
        ElementTree.SubElement(aligned, "ANNOTATION_VALUE").text = each.text
