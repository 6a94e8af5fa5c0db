"""Detection of encodings, and decoding in blocks."""

from pathlib import Path

import pytest

from engines.parsing.text_encoding import decode_file, decode_in_blocks
from tests.engines.parsing.in_process import extract

GERMAN = "Der Bürgermeister von Wesel hört gern Märchen über große Fährschiffe und süße Früchte. " * 20
FRENCH = "L'élève français préfère les crêpes à la forêt, où le garçon rêve d'un été très doux. " * 20
RUSSIAN = "Съешь же ещё этих мягких французских булок, да выпей чаю, пока корабль стоит в порту. " * 20
JAPANESE = (
    "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。何でも薄暗い所で泣いていた事だけは記憶している。"
    * 20
)
CHINESE = "学而时习之，不亦说乎？有朋自远方来，不亦乐乎？人不知而不愠，不亦君子乎？这是一本关于桥梁和隧道的手册。" * 20
GREEK = "Η γρήγορη αλεπού πηδάει πάνω από το τεμπέλικο σκυλί και τρέχει προς τη θάλασσα. " * 20


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (GERMAN, "utf-8"), (GERMAN, "utf-8-sig"), (GERMAN, "utf-16"), (GERMAN, "utf-16-le"), (GERMAN, "utf-16-be"),
        (GERMAN, "utf-32"), (GERMAN, "utf-32-le"), (GERMAN, "latin-1"), (GERMAN, "cp1252"), (FRENCH, "latin-1"),
        (RUSSIAN, "utf-8"), (RUSSIAN, "cp1251"), (RUSSIAN, "koi8-r"), (GREEK, "cp1253"),
        (JAPANESE, "shift_jis"), (JAPANESE, "euc_jp"), (JAPANESE, "utf-16"), (CHINESE, "gb18030"), (CHINESE, "big5hkscs"),
    ],
)  # fmt: skip
def test_text_in_any_encoding_is_decoded(tmp_path: Path, text: str, encoding: str) -> None:
    if encoding == "big5hkscs":
        text = "這是一本關於橋樑和隧道的手冊，請先閱讀第一章，然後檢查所有的螺栓。" * 20
    path = tmp_path / "text.txt"
    path.write_bytes(f"{text}\n".encode(encoding))
    assert extract(path).text == text.strip()


def test_an_umlaut_after_a_megabyte_of_ascii_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "late.txt"
    path.write_bytes(b"plain english words\n" * 60_000 + GERMAN.encode("latin-1"))
    assert "Bürgermeister" in decode_file(path)


def test_undecodable_bytes_are_replaced_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "broken.txt"
    path.write_bytes(b"\xef\xbb\xbfgood \xff\xfe bad")
    broken = extract(path)
    assert broken.text == "good \ufffd\ufffd bad"
    assert broken.warnings == (
        "2 characters could not be decoded as utf-8-sig and were replaced. Save the file as UTF-8.",
    )


def test_a_damaged_byte_does_not_change_the_detected_script(tmp_path: Path) -> None:
    path = tmp_path / "damaged.txt"
    path.write_bytes(b"A plain text with code:\n\n\xd1``\nprint(1)\n```\n")
    assert "A plain text with code:" in extract(path).text


def test_a_newline_across_two_blocks_is_one_newline(tmp_path: Path) -> None:
    path = tmp_path / "windows.txt"
    path.write_bytes(b"x" * (64 * 1024 - 1) + b"\r\ny\rz")
    assert "".join(text for text, _ in decode_in_blocks(path, "utf-8")) == "x" * (64 * 1024 - 1) + "\ny\nz"


def test_a_character_across_two_blocks_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "wide.txt"
    path.write_bytes(b"x" + "漢".encode() * 60_000)
    blocks = [text for text, _ in decode_in_blocks(path, "utf-8")]
    assert "".join(blocks) == "x" + "漢" * 60_000
    assert max(map(len, blocks)) <= 64 * 1024 + 1
