"""One sample file of each format is parsed."""

from pathlib import Path

import pytest

from tests.engines.parsing.in_process import extract_checked, extract_sample
from tests.support.documents.samples import LIBREOFFICE_FILES, SENTENCES

ARABIC = "يُمنع الصيد من الرصيف الداخلي بعد غروب الشمس."
HEBREW = "אסור לדוג מהרציף הפנימי אחרי השקיעה."
JAPANESE = "日没後は内側の岸壁で釣りをしないでください。"
CHINESE = "日落之后禁止在内码头钓鱼。"
KOREAN = "해가 진 뒤에는 안쪽 부두에서 낚시할 수 없습니다."
LIMIT_BYTES = 40 * 1024


@pytest.mark.parametrize(("name", "sentence"), SENTENCES.items())
def test_the_text_of_a_sample_contains_its_sentence(tmp_path: Path, name: str, sentence: str) -> None:
    assert sentence in extract_sample(tmp_path, name).text


@pytest.mark.parametrize("name", ["harbour.docx", "harbour.epub"])
def test_text_in_several_scripts_is_complete_and_in_order(name: str) -> None:
    text = extract_checked(LIBREOFFICE_FILES / name).text
    places = [text.index(notice) for notice in (ARABIC, HEBREW, JAPANESE, CHINESE, KOREAN)]
    assert places == sorted(places)


def test_committed_samples_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in LIBREOFFICE_FILES.iterdir() if path.is_file()}
    assert len(sizes) >= 5
    assert max(sizes.values()) < LIMIT_BYTES
