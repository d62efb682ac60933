"""Encodings: the right text, or a refusal that says what to do; never other letters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizapp.domain.errors import Refusal
from quizapp.formats.encodings import decoded

ROWS = "Größe,size\nnaïve,“simple”\n日本語,Japanese\nпривет,hello\n"
WESTERN = "Größe,size\nnaïve café,“simple” – 5 €\nl’été,summer\n¿Qué?,what\n"
JAPANESE = "日本語,にほんご\n漢字,かんじ\nカタカナ,ﾊﾝｶｸ\n"
CHINESE = "风险,risk\n信息安全,information security\n控制,control\n"
RUSSIAN = "риск,risk\nбезопасность,security\nи,and\n"


@pytest.mark.parametrize(
    ("data", "text", "remark"),
    [
        (ROWS.encode(), ROWS, ""),
        (ROWS.encode("utf-8-sig"), ROWS, ""),
        (ROWS.encode("utf-16"), ROWS, "Read as UTF-16."),
        (b"\xfe\xff" + ROWS.encode("utf-16-be"), ROWS, "Read as UTF-16."),
        (ROWS.encode("utf-16-le"), ROWS, "Read as UTF-16."),
        (ROWS.encode("utf-32"), ROWS, "Read as UTF-32."),
        (ROWS.encode("utf-32-be"), ROWS, "Read as UTF-32."),
        (WESTERN.encode("cp1252"), WESTERN, "Read as Windows-1252, as Excel saves it."),
    ],
    ids="utf-8 utf-8-mark utf-16 utf-16-be utf-16-bare utf-32 utf-32-bare cp1252".split(),
)
def test_an_encoding_that_is_certain_gives_the_right_text(
    data: bytes, text: str, remark: str
) -> None:
    assert decoded(data) == (text, remark)


@pytest.mark.parametrize(
    "data",
    [
        JAPANESE.encode("cp932"),
        CHINESE.encode("gb18030"),
        RUSSIAN.encode("koi8-r"),
        ROWS.encode()[:8] + b"\xff\xfe" + ROWS.encode()[8:],
    ],
    ids="shift-jis gb18030 koi8-r broken".split(),
)
def test_an_encoding_that_cannot_be_told_is_refused_with_what_to_do(data: bytes) -> None:
    with pytest.raises(Refusal, match="UTF-8"):
        decoded(data)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "iso8859-5"),
        (RUSSIAN, "cp866"),
        ("日本,x\n", "cp932"),
        ("日本語,x\n", "euc-jp"),
        ("ｱｲｳ,x\n", "cp932"),
        ("中文,x\n", "gbk"),
        ("風險,risk\n", "big5"),
        ("위험,risk\n", "euc-kr"),
        ("κίνδυνος,risk\n", "cp1253"),
        ("סיכון,risk\n", "cp1255"),
        ("خطر,risk\n", "cp1256"),
        ("człowiek,person\nsię,self\n", "cp1250"),
        ("człowiek,person\n", "iso8859-2"),
        ("příšerně žlutý kůň,horse\n", "cp1250"),
        ("ışık,light\nçöğür,thistle\n", "cp1254"),
        ("für Größe,for\n", "mac-roman"),
        ("für Größe,for\n", "cp850"),
    ],
)
def test_letters_of_another_code_page_never_pass_for_western_ones(text: str, encoding: str) -> None:
    with pytest.raises(Refusal, match="cannot be told"):
        decoded(text.encode(encoding))


@pytest.mark.parametrize(
    "text",
    [
        "naïve,café\n",
        "Où est-il né ?,à l’école — « là »\ncréée,created\nœuvre,work\n",
        "Maßnahmen für höhere Größen\n„Süß“,sweet\n",
        "El niño comió piñón,¿lingüística?\n",
        "ação,action\nopções,options\n",
        "pitää yö,to keep\nÄiti,mother\n",
        "blåbærgrød på ø,porridge\n",
        "þetta er það,it is\n",
        "It’s “quoted” – 25 °C ± 1 £5\n",
        "CAFÉ,coffee\nÉté,summer\n",
    ],
)
def test_western_european_text_from_excel_is_read(text: str) -> None:
    assert decoded(text.encode("cp1252")) == (text, "Read as Windows-1252, as Excel saves it.")


def test_what_is_no_text_is_refused() -> None:
    for data in (b"PK\x03\x04\x14\0\0\0\x08\0\xff\xd8", bytes(range(256)), b"\0" * 40 + b"abcde"):
        with pytest.raises(Refusal):
            decoded(data)


def test_a_stray_control_character_is_left_out_and_said() -> None:
    assert decoded(b"a\x00b\x07c\td\r\ne\rf") == (
        "abc\td\ne\nf",
        "Control characters were left out: 2.",
    )


def test_letters_lost_before_are_pointed_out() -> None:
    assert "lost before" in decoded("caf\ufffd".encode())[1]


def test_a_mark_that_lies_is_refused() -> None:
    with pytest.raises(Refusal, match="UTF-16"):
        decoded(b"\xff\xfea\0\x00\xd8b\0")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])))
def test_utf_8_comes_back_as_it_was(text: str) -> None:
    assert decoded(text.encode())[0] == text.removeprefix("\ufeff")


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    try:
        text, _ = decoded(data)
    except Refusal:
        return
    assert "\0" not in text and "\r" not in text
