"""Text that every encoder accepts, and the form in which texts of people are compared."""

import re
import unicodedata

_IGNORABLE = (
    (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
"""Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt, Unicode 15), as ranges."""

_IGNORABLE_CHARACTERS = re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in _IGNORABLE) + "]+")


def encodable(text: str) -> str:
    """Return `text` with each unpaired surrogate replaced by a question mark; UTF-8 cannot encode those.

    JSON can carry unpaired surrogates (`"\\ud83d"`), so clients can send them. Lengths do not change.
    """
    return text.encode("utf-8", "replace").decode()


def comparison_key(text: str) -> str:
    """Return the form in which texts are compared: equal for texts that differ in case or in Unicode form alone.

    The form is NFKC_Casefold (Unicode Standard Annex 44): `Straße` and `STRASSE`, composed and decomposed letters,
    full-width letters, ligatures and Hangul jamo compare equal. Accents count, and so does the dotless Turkish i. The
    function is idempotent. Unpaired surrogates become question marks.
    """
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFD", _IGNORABLE_CHARACTERS.sub("", encodable(text)))
    folded = unicodedata.normalize("NFKC", decomposed.casefold())
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFD", folded).casefold())
