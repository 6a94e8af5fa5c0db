"""Titles that programs write into new files by themselves. They do not describe the document."""

import re

_EXTENSION = r"\.(docx?|docm|dotx?|rtf|odt|pptx?|pps|ppsx|xlsx?|xls|csv|txt|wpd|indd|pdf|html?)"
_MADE = re.compile(
    rf"""(
        (microsoft\ )?(office\ )?power\ ?point[\ -]?(presentation|präsentation)
        | (présentation|presentación|apresentação|presentazione)\ (standard\ di\ )?power\ ?point
        | (microsoft\ )?word[\ -]?(document|dokument) | (document|documento)\ (microsoft\ )?word
        | microsoft\ (word|powerpoint|excel|publisher|visio)\ -\ .*
        | .*{_EXTENSION}
        | (document|dokument|documento|presentation|präsentation|présentation|presentación|presentazione|book|workbook|mappe
          |classeur|libro|untitled|ohne\ titel|sans\ titre|sin\ título|senza\ titolo|unbenannt|文档|文書
          |演示文稿|工作簿)[\ -]?\d*
        | (untitled|unnamed|new)\ (document|presentation|spreadsheet|file|page)(\ \d+)?
        | (no\ )?title | titel | titre | slide\ \d+ | folie\ \d+ | layout\ \d+ | template | \(anonymous\) | none | null
    )""",
    re.I | re.X,
)


def is_made_by_program(title: str) -> bool:
    """Return True for a title such as `PowerPoint Presentation`, `Microsoft Word - x.doc` or `Document1`."""
    return bool(_MADE.fullmatch(title.strip()))
