"""Names of uploaded files, as clients write them into `Content-Disposition`."""

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transport.uploads.test_uploads import MAP, OPERATIONS, PREFLIGHT
from transport.uploads.file_names import display_name, parse_disposition


async def upload_with(client: httpx.AsyncClient, disposition: bytes) -> Any:
    """Upload a file whose `Content-Disposition` ends with `disposition`; return the name that the server gives it."""
    parts = [
        b'Content-Disposition: form-data; name="operations"\r\n\r\n' + OPERATIONS.encode(),
        b'Content-Disposition: form-data; name="map"\r\n\r\n' + MAP.encode(),
        b'Content-Disposition: form-data; name="0"; ' + disposition + b"\r\n\r\nabc",
    ]
    body = b"".join(b"--x\r\n" + part + b"\r\n" for part in parts) + b"--x--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=x", **PREFLIGHT}
    return (await client.post("/graphql", content=body, headers=headers)).json()["data"]["add"]


FILE_NAMES: dict[str, tuple[bytes, str]] = {
    "UTF-8 in quotes (browsers, curl)": ('filename="Über.md"'.encode(), "Über.md"),
    "Latin-1 in quotes (old programs)": ('filename="Über.md"'.encode("latin-1"), "Über.md"),
    "Latin-1 of Windows": ('filename="Preis €.md"'.encode("cp1252"), "Preis €.md"),
    "unquoted": (b"filename=plain.md", "plain.md"),
    "spaces around the signs": (b'filename = "a b.md" ', "a b.md"),
    "filename* alone (python-requests with old urllib3)": (b"filename*=utf-8''%C3%9Cber%20uns.md", "Über uns.md"),
    "filename* with a language": (b"filename*=UTF-8'de'%C3%9Cber.md", "Über.md"),
    "filename* in Latin-1": (b"filename*=iso-8859-1''%DCber.md", "Über.md"),
    "filename* in Shift JIS": (b"filename*=shift_jis''%83%65%83%58%83%67.md", "テスト.md"),
    "filename* in quotes": (b"filename*=\"utf-8''%C3%9Cber.md\"", "Über.md"),
    "both, with an encoded word (.NET)": (
        b"filename=\"=?utf-8?B?w5xiZXIubWQ=?=\"; filename*=utf-8''%C3%9Cber.md",
        "Über.md",
    ),
    "both, with a fallback": (b"filename=\"Uber.md\"; filename*=UTF-8''%C3%9Cber.md", "Über.md"),
    "both, in the other order": (b"filename*=UTF-8''%C3%9Cber.md; filename=\"Uber.md\"", "Über.md"),
    "an encoded word alone, in base64": (b'filename="=?utf-8?B?w5xiZXIubWQ=?="', "Über.md"),
    "an encoded word alone, quoted-printable": (b'filename="=?iso-8859-1?Q?=DCber_uns.md?="', "Über uns.md"),
    "several encoded words": (b'filename="=?utf-8?B?w5xiZXI=?= =?utf-8?B?LXVucy5tZA==?="', "Über-uns.md"),
    "numbered pieces (RFC 2231)": (
        b"filename*0*=utf-8''%C3%9Cb; filename*1*=er%20; filename*2=\"uns.md\"",
        "Über uns.md",
    ),
    "numbered plain pieces": (b'filename*0="a long "; filename*1="name 100%.md"', "a long name 100%.md"),
    "an escaped quotation mark": (b'filename="a \\"quoted\\" name.md"', 'a "quoted" name.md'),
    "a quotation mark of the HTML standard": (b'filename="a %22quoted%22 name.md"', 'a "quoted" name.md'),
    "line breaks of the HTML standard": (b'filename="a%0D%0Ab.md"', "ab.md"),
    "an escaped backslash": (b'filename="a\\\\b.md"', "b.md"),
    "a path of Windows": (b'filename="C:\\Users\\me\\notes.md"', "notes.md"),
    "a path in filename*": (b"filename*=utf-8''..%2F..%2Fetc%2Fpasswd.md", "passwd.md"),
    "a path of Windows in filename*": (b"filename*=utf-8''..%5C..%5Cboot.md", "boot.md"),
    "invisible characters in filename*": (b"filename*=utf-8''a%E2%80%AEb%00.md", "ab.md"),
    "signs of the header in the name": (b'filename="a; filename=b, c=d.md"', "a; filename=b, c=d.md"),
    "percent signs that are no escapes": (b'filename="100%25 %C3%9C.md"', "100%25 %C3%9C.md"),
    "an unknown charset": (b"filename=\"a.md\"; filename*=klingon''%C3%9C.md", "a.md"),
    "no charset": (b'filename="a.md"; filename*=%C3%9C.md', "a.md"),
    "invalid UTF-8 in filename*": (b"filename=\"a.md\"; filename*=utf-8''%DC.md", "a.md"),
    "a codec that is no charset": (b"filename=\"a.md\"; filename*=unicode_escape''%5Cu0041.md", "a.md"),
    "a codec of bytes": (b"filename=\"a.md\"; filename*=zlib''%78%9c.md", "a.md"),
    "an unknown charset in an encoded word": (b'filename="=?klingon?B?w5w=?="', "=?klingon?B?w5w=?="),
    "an invalid encoded word": (b'filename="=?utf-8?B?!?="', "=?utf-8?B?!?="),
    "the first of two names": (b'filename="a.md"; filename="b.md"', "a.md"),
    "a huge piece number": (b"filename*" + b"9" * 500 + b'="a.md"', "upload"),
    "an empty name": (b'filename=""', "upload"),
    "an empty filename*": (b"filename*=utf-8''", "upload"),
}


@pytest.mark.parametrize(("disposition", "name"), FILE_NAMES.values(), ids=FILE_NAMES)
async def test_a_file_keeps_its_name_in_every_encoding(
    client: httpx.AsyncClient, disposition: bytes, name: str
) -> None:
    assert await upload_with(client, disposition) == name


@given(header=st.binary(max_size=300))
def test_every_header_has_a_displayable_name(header: bytes) -> None:
    disposition = parse_disposition(header.decode("latin-1"))
    name = display_name(disposition.filename)
    assert 0 < len(name) <= 255
    assert "/" not in name
    assert name.encode()
