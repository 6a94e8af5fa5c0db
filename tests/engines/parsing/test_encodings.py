from pathlib import Path

import pytest

from engines.parsing.encodings import decoded_pieces, detect_encoding
from tests.engines.parsing.extracting import extract

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
def test_text_is_read_in_any_encoding(tmp_path: Path, text: str, encoding: str) -> None:
    if encoding == "big5hkscs":
        text = "這是一本關於橋樑和隧道的手冊，請先閱讀第一章，然後檢查所有的螺栓。" * 20
    path = tmp_path / "text.txt"
    path.write_bytes(f"{text}\n".encode(encoding))
    assert extract(path).text == text.strip()


def test_an_umlaut_behind_a_megabyte_of_english_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "late.txt"
    path.write_bytes(b"plain english words\n" * 60_000 + GERMAN.encode("latin-1"))
    assert "Bürgermeister" in "".join(piece for piece, _ in decoded_pieces(path, detect_encoding(path)))


def test_bytes_that_fit_no_character_are_replaced_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "broken.txt"
    path.write_bytes(b"\xef\xbb\xbfgood \xff\xfe bad")
    broken = extract(path)
    assert broken.text == "good \ufffd\ufffd bad"
    assert "2 characters could not be decoded" in broken.document.coverage.warnings[0]


def test_a_broken_letter_does_not_turn_a_text_into_another_script(tmp_path: Path) -> None:
    path = tmp_path / "damaged.txt"
    path.write_bytes(b"A plain text with code:\n\n\xd1``\nprint(1)\n```\n")
    assert "A plain text with code:" in extract(path).text


def test_newlines_across_the_edges_of_pieces_are_one(tmp_path: Path) -> None:
    path = tmp_path / "windows.txt"
    path.write_bytes(b"x" * (64 * 1024 - 1) + b"\r\ny\rz")
    assert "".join(piece for piece, _ in decoded_pieces(path, "utf-8")) == "x" * (64 * 1024 - 1) + "\ny\nz"


def test_a_character_across_the_edges_of_pieces_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "wide.txt"
    path.write_bytes(b"x" + "漢".encode() * 60_000)
    pieces = [piece for piece, _ in decoded_pieces(path, detect_encoding(path))]
    assert "".join(pieces) == "x" + "漢" * 60_000
    assert max(map(len, pieces)) <= 64 * 1024 + 1
