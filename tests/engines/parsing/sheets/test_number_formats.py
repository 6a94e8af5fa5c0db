"""Numbers as spreadsheet programs show them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xlfmt import format_value

from engines.parsing.worker.sheets.number_formats import number_text, text_by_format
from engines.parsing.worker.sheets.plain_formats import plain_text

MOMENT = 47911 + 14.5 / 24
"""Serial number of 4 March 2031, 14:30, in days from 1900."""
PLAIN_CODES = [
    "0", "0.00", "#,##0", "#,##0.00", "0%", "0.0%", "00000", "#,##0.00 €", "[$€-407] #,##0.00", '"$"#,##0.00',
    '0.0" kg"', '0.0"%"', "#,##0_);[Red](#,##0)", '"$"#,##0.00_);\\("$"#,##0.00\\)', "0.00;[Red]-0.00",
    "_-* #,##0.00\\ [$€-407]_-", "0 %", "+0;-0", "(0)", "0.0\\%",
]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (0.125, "0.0%", "12.5%"),
        (12.5, '0.0"%"', "12.5%"),
        (12.5, "0.0\\%", "12.5%"),
        (2139, "00000", "02139"),
        (1234.5, "[$€-407] #,##0.00", "€ 1,234.50"),
        (1234.5, "#,##0.00 [$€-407]", "1,234.50 €"),
        (1234.5, "[$CHF] #,##0.00", "CHF 1,234.50"),
        (1234.5, "CHF #,##0.00", "CHF 1,234.50"),
        (-1234, '"$"#,##0_);("$"#,##0)', "($1,234)"),
        (-1234.5, "_-* #,##0.00\\ [$€-407]_-;\\-* #,##0.00\\ [$€-407]_-", "-1,234.50 €"),
        (3.5, "0.0 kg", "3.5 kg"),
        (3, "0 m", "3 m"),
        (21, "0°", "21°"),
        (26.5 / 24, "[h]:mm", "26:30"),
        (1.5, "[mm]:ss", "2160:00"),
        (-0.25, "[h]:mm", "-6:00"),
        (MOMENT, "dd.mm.yyyy hh:mm", "04.03.2031 14:30"),
        (MOMENT, "d. mmmm yyyy", "4. March 2031"),
        (MOMENT, "h:mm AM/PM", "2:30 PM"),
        (MOMENT, 'yyyy"年"m"月"d"日"', "2031年3月4日"),
        (12345.6789, "h:mm", "16:17"),
        (2.25, "# ?/?", "2 1/4"),
        (12345, "0.00E+00", "1.23E+04"),
        (1500, '[>1000]0.0,"k";0', "1.5k"),
        (150, '[>=100]"high";"low"', "high"),
        (0, '#,##0;-#,##0;"none"', "none"),
        (5, ";;;", "5"),
        (0.1 + 0.2, "General", "0.3"),
        (1e15, "General", "1e+15"),
        (1.5, "# " + "?" * 12 + "/" + "?" * 12, "1.5"),
        (7, "0" * 300, "7"),
    ],
)
def test_a_number_is_shown_by_its_format(value: float, code: str, text: str) -> None:
    assert number_text(value, code) == text


def test_days_can_be_counted_from_1904() -> None:
    assert number_text(1, "yyyy-mm-dd", date1904=True) == "1904-01-02"


def test_a_text_is_shown_by_the_section_for_texts() -> None:
    assert text_by_format("12", '0;-0;0;"No. "@') == "No. 12"
    assert text_by_format("12", "0.00") == "12"


@settings(max_examples=200, deadline=None)
@given(
    value=st.floats(-1e9, 1e9)
    | st.decimals(-1000, 1000, places=3).map(float)
    | st.integers(-(10**9), 10**9).map(float),
    code=st.sampled_from(PLAIN_CODES),
)
def test_frequent_formats_are_applied_as_the_library_does(value: float, code: str) -> None:
    text = plain_text(value, code)
    assert text is not None
    assert text.strip() == str(format_value(value, code)).strip()
