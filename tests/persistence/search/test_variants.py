"""Words are found in other spellings, and the exact spelling ranks first."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persistence.search.highlighter import open_highlighter
from persistence.search.query import parse_query
from persistence.search.variants import index_variants
from records.retrieval import TextSpan
from tests.access import LOCAL
from tests.persistence.stores import Stores

PEOPLE = "We look for someone who writes {} for the {}."
LANGUAGES = [
    "C++", "C#", "C", "F#", "G++", "R", ".NET", "ASP.NET", "Node.js", "Next.js", "Objective-C", "A+", "#general", "@anna",
    "--max_size",
]  # fmt: skip


@pytest.mark.parametrize("name", LANGUAGES)
async def test_signs_that_belong_to_a_word_count(stores: Stores, name: str) -> None:
    await stores.ingest(
        *(PEOPLE.format(each, place) for each, place in zip(LANGUAGES, "abcdefghijklmno", strict=False))
    )
    assert f" {name} " in (await stores.found(name))[0]
    assert f" {name} " in (await stores.found(f"Who writes {name}?"))[0]


ACRONYMS = ["IT", "US", "WHO", "AM", "OR", "ME", "ALL", "CAN", "DO", "U.S."]


@pytest.mark.parametrize("name", ACRONYMS)
async def test_stop_words_in_capitals_are_names(stores: Stores, name: str) -> None:
    others = [each for each in ACRONYMS if each.replace(".", "") != name.replace(".", "")]
    text = f"The {name} office is in Duluth."
    filler = "It can tell us all of me, or who may be there. I am here."
    await stores.ingest(text, filler, *(f"The {other} house is in Perth." for other in others))
    assert await stores.found(name) == [text]
    assert (await stores.found(f"Where is the {name} office?"))[0] == text


@pytest.mark.parametrize("query", ["it", "who", "will", "to be or not to be", "don't", "IT"])
async def test_a_query_of_stop_words_alone_searches_for_them(stores: Stores, query: str) -> None:
    await stores.ingest("Unrelated text.", "He who will not, don't: it is to be or not to be.")
    assert await stores.found(query) == ["He who will not, don't: it is to be or not to be."]


async def test_a_query_in_capitals_contains_no_names(stores: Stores) -> None:
    await stores.ingest("The pump starts by hand.", "WHO is an organization.")
    assert await stores.found("WHO STARTS THE PUMP") == ["The pump starts by hand."]


AMOUNTS = [
    "1,250,000",
    "1250000",
    "1.250.000",
    "1 250 000",
    "1'250'000",
    "1’250’000",
    "1\u00a0250\u00a0000",
    "12,50,000",
]


@pytest.mark.parametrize("query", AMOUNTS)
@pytest.mark.parametrize("written", AMOUNTS)
async def test_numbers_are_equal_with_and_without_separators(stores: Stores, query: str, written: str) -> None:
    text = f"It cost {written} crowns."
    await stores.ingest(text, "It cost 980,000 crowns, 1 and 12 and 250.")
    assert (await stores.found(query))[0] == text
    assert stores.keywords.spans(text, query)


@pytest.mark.parametrize(
    ("written", "query"),
    [
        ("+47 555 01 23", "+475550123"),
        ("+47 555 01 23", "0047 555 01 23"),
        ("+47 555 01 23", "555 01 23"),
        ("+47 555 01 23", "5550123"),
        ("(555) 123-4567", "5551234567"),
        ("555-123-4567", "(555) 123 4567"),
        ("+49 (0)30 1234567", "+490301234567"),
        ("030/123 45 67", "0301234567"),
        ("ISBN 978-3-16-148410-0", "9783161484100"),
        ("DE89 3704 0044 0532 0130 00", "DE89370400440532013000"),
        ("DE89370400440532013000", "DE89 3704 0044 0532 0130 00"),
        ("KX-3007", "KX3007"),
        ("KX3007", "KX-3007"),
        ("KX 3007", "KX3007"),
        ("2031-03-04", "20310304"),
        ("٣٤٥٦", "3456"),
        ("3456", "३४५६"),
    ],
)
async def test_numbers_in_groups_are_found_without_separators(stores: Stores, written: str, query: str) -> None:
    await stores.ingest(f"It is {written} today.", "It is 4 and 7 today.")
    assert await stores.found(query) == [f"It is {written} today."]


@pytest.mark.parametrize(
    ("exact", "folded"),
    [
        ("résumé", "resume"),
        ("chuyển", "chuyen"),
        ("Đà", "da"),
        ("Łódź", "Lodz"),
        ("Ærø", "Aero"),
        ("Ελλάδα", "ελλαδα"),
        ("ёлка", "елка"),
        ("שָׁלוֹם", "שלום"),
        ("مُحَمَّد", "محمد"),
        ("أحمد", "احمد"),
        ("ığdır", "igdir"),
    ],
)
async def test_the_exact_form_ranks_before_the_one_without_accents(stores: Stores, exact: str, folded: str) -> None:
    accented, plain = f"Here {exact} is the word that they wrote.", f"Here {folded} is the word that they wrote."
    await stores.ingest("Unrelated text.", accented, plain)
    for form in ("NFC", "NFD"):
        assert await stores.found(unicodedata.normalize(form, exact)) == [accented, plain]
        assert await stores.found(unicodedata.normalize(form, folded)) == [plain, accented]
    [span] = stores.keywords.spans(accented, folded)
    assert accented[span.start : span.end] == exact


async def test_letters_that_are_not_accented_stay_different(stores: Stores) -> None:
    await stores.ingest("мой дом", "мои дома")
    assert (await stores.found("мой"))[0] == "мой дом"


@pytest.mark.parametrize(
    ("query", "written"),
    [
        ("ABC1234", "製品番号はＡＢＣ１２３４です。"),
        ("タナカ", "担当はﾀﾅｶさん。"),
        ("final efficiency", "The ﬁnal eﬃciency is 84 %."),
        ("CO2", "The CO₂ reading was 412 ppm."),
        ("m2", "The room has 36 m² of floor."),
        ("VIII", "Route № Ⅷ goes to pier ③."),
        ("IT", "The ＩＴ office."),
        ("한국어", unicodedata.normalize("NFD", "한국어 설명서")),
        ("ตะกรัน", "และขจัดตะกรันทุกสามเดือน"),
        ("น้ำ", "ให้เติมน้ำสองลิตร"),
        ("ນ້ຳ", "ດື່ມນ້ຳສະອາດທຸກມື້"),
        ("ទឹក", "សូមបន្ថែមទឹកពីរលីត្រ"),
        ("ရေ", "ရေနှစ်လီတာထည့်ပါ"),
    ],
)
async def test_words_are_found_in_any_width_and_form(stores: Stores, query: str, written: str) -> None:
    await stores.ingest("Unrelated text.", written)
    assert await stores.found(query) == [written]


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ("หัวชง", ("ล้างหัวชงทุกวันด้วยน้ำร้อน", "หัวหน้าสั่งชงกาแฟ วันนี้ล้างรถ", "ชงชาให้ทุกคนในบ้าน")),
        ("ကော်ဖီ", ("ကော်ဖီစက်ကိုနေ့တိုင်းဆေးပါ", "ဖိနပ်ကော်နှင့်ကပ်ပါ", "ကောင်းသောနေ့")),
        ("取扱説明書", ("この取扱説明書をお読みください", "説明会の取扱い、報告書と説明", "明書取")),
    ],
)
async def test_a_run_of_a_script_without_spaces_ranks_before_its_parts(
    stores: Stores, query: str, texts: tuple[str, ...]
) -> None:
    await stores.ingest(*texts[1:], texts[0])
    assert (await stores.found(query))[0] == texts[0]


async def test_rare_matches_are_the_passages_with_an_identifier(stores: Stores) -> None:
    parts = [f"Part: KX-{number}, Stock: {number}" for number in range(2001, 2031)]
    document = await stores.ingest(*parts, "KX-3007 was fitted.", "The KX3007 again.", "KX 3 007")
    for query in ("part KX-3007", "kx3007?", "part KX-3007 of 2029"):
        found = await stores.chunks.find_many(LOCAL, await stores.keywords.rare_matches(LOCAL, query, None))
        assert {chunk.text for chunk in found.values()} == {"KX-3007 was fitted.", "The KX3007 again."}
        assert await stores.keywords.rare_matches(LOCAL, query, [document.id]) == tuple(found)
    for query in ("part KX", "the stock", "2029", "no-such-thing-1", "KX"):
        assert await stores.keywords.rare_matches(LOCAL, query, None) == ()


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("Who writes C++ and .NET?", 2),
        ("config.yaml and read_text_file at 10.0.0.1", 3),
        ("Does IT use KX-3007 or 1,250,000?", 3),
        ("In 2029 he wrote 12 letters, e.g. to well-known people in FY2031 and Q2", 0),
    ],
)
def test_identifiers_are_names_with_signs_or_digits(query: str, names: int) -> None:
    assert len(parse_query(query).identifiers) == names


async def test_a_fiscal_year_is_found_as_a_year(stores: Stores) -> None:
    await stores.ingest("Unrelated text.", "Sales of 2031: 7", "Sales in Q1: 8")
    assert await stores.found("FY2031") == ["Sales of 2031: 7"]
    assert set(await stores.found("FY2031Q1")) == {"Sales of 2031: 7", "Sales in Q1: 8"}


@settings(deadline=None, max_examples=300)
@given(st.text(st.one_of(st.sampled_from("aB1_.+#@$-'/é中 "), st.characters()), max_size=30))
def test_variants_are_single_tokens_of_the_index(text: str) -> None:
    for variant in index_variants(text).split():
        assert not any(character.isascii() and not character.isalnum() for character in variant)
    with open_highlighter() as highlighter:
        for span in highlighter.spans(text, parse_query(text)):
            assert 0 <= span.start < span.end <= len(text)


def test_a_token_that_the_index_would_split_leaves_the_highlighter_intact() -> None:
    with open_highlighter() as highlighter:
        highlighter.spans("x", parse_query("x"), ["a_b c"])
        assert highlighter.spans("cats", parse_query("cat")) == (TextSpan(0, 4),)
