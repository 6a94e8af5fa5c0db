"""The state of a group of RTF: its formatting and its destination, which is the target of its text."""

from dataclasses import dataclass


@dataclass(slots=True)
class RtfGroup:
    """The state of a group. A nested group starts with a copy; its end restores the state of the outer group."""

    destination: str = ""
    collected: list[str] | None = None
    "Text so far of a destination that is a property and no content; None for other destinations."
    owns: bool = False
    "True if the end of this group ends its destination."
    skip: bool = False
    font: int | None = None
    bold: bool = False
    hidden: bool = False
    deleted: bool = False
    fallback: int = 1
    "Number of characters after a `\\\\u` code that are its fallback for programs without Unicode."
    outline: int | None = None
    style: int = 0
    in_info: bool = False
    nesting: int = 0
    "Number of tables that contain the paragraph."
    field_start: int = 0
