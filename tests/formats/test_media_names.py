"""Which files texts refer to, whatever the way they say it."""

import pytest

from quizapp.formats.media_names import embedded_in, embedding, referred_to


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('<img src="a b.png">', ["a b.png"]),
        ("<img src='a%20b.png'>", ["a b.png"]),
        ("<img src=a&amp;b.png>", ["a&b.png"]),
        ("[sound:a.mp3] and [sound:b.mp3]", ["a.mp3", "b.mp3"]),
        (".card { src: url('_font.woff'); }", ["_font.woff"]),
        ('<img src="https://x.test/a.png"><img src="//x.test/a.png">', []),
        ('<img src="data:image/png;base64,AA">', []),
        ('<img src="{{Picture}}">', []),
        ("[sound:]", []),
    ],
)
def test_a_file_is_named_in_fields_templates_and_styles(text: str, names: list[str]) -> None:
    assert list(referred_to([text])) == names


def test_pictures_of_markdown_get_new_addresses_and_the_rest_stays() -> None:
    text = 'a ![x](p/a.png "T") \\![y](p/a.png) [z](p/a.png) ![[p/a.png]] ![](b.png)'
    assert list(embedded_in(text)) == ["p/a.png", "p/a.png", "b.png"]
    assert embedding(text, {"p/a.png": "a (1).png"}.get) == (
        'a ![x](a%20%281%29.png "T") \\![y](p/a.png) [z](p/a.png) ![](a%20%281%29.png) ![](b.png)'
    )
