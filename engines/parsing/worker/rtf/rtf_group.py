"""The state of a group of RTF: formatting, and the destination of its text."""

from dataclasses import dataclass


@dataclass(slots=True)
class RtfGroup:
    """The state of a group, which its end restores."""

    destination: str = ""
    collected: list[str] | None = None
    "Text of a property, which is not shown."
    owns: bool = False
    "True if the end of this group ends its destination."
    skip: bool = False
    font: int | None = None
    bold: bool = False
    hidden: bool = False
    deleted: bool = False
    fallback: int = 1
    "Characters after `\\\\u` that programs without Unicode show instead."
    outline: int | None = None
    style: int = 0
    in_info: bool = False
    nesting: int = 0
    "Tables around the paragraph."
    field_start: int = 0
