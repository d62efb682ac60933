"""Pictures and sounds that Markdown decks name come along with them, and go away with them."""

import zipfile
from pathlib import Path

import pytest

from quizapp.formats.markdown_write import write_markdown
from quizapp.formats.package import Package, bytes_of
from quizapp.formats.readers import Source, read_as_it_is

PNG = b"\x89PNG\r\n\x1a\n" + b"one"
OTHER = b"\x89PNG\r\n\x1a\n" + b"another"


def read(folder: Path, **files: bytes | str) -> Package:
    """A zip of these files, read; in their names "__" stands for a slash, "_" for a dot."""
    return read_zip(folder, {k.replace("__", "/").replace("_", "."): v for k, v in files.items()})


def read_zip(folder: Path, files: dict[str, bytes | str]) -> Package:
    path, media = folder / "deck.zip", folder / "media"
    media.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    package = read_as_it_is(Source(path, media, "deck.zip"), lambda done, total: None)
    package.notes = tuple(package.notes)
    return package


def held(package: Package) -> dict[str, bytes]:
    found = {}
    for medium in package.media:
        path = bytes_of(package, medium)
        assert path is not None
        found[medium.name] = path.read_bytes()
    return found


def fronts(package: Package) -> list[str]:
    return [note.fields["front"] for note in package.notes]


def test_a_picture_named_by_its_path_comes_along(tmp_path: Path) -> None:
    package = read(tmp_path, img_md="Q: What is ![the map](pics/a.png)?\nA: A.\n", pics__a_png=PNG)
    assert fronts(package) == ["What is ![the map](a.png)?"]
    assert held(package) == {"a.png": PNG}
    assert package.remarks == []


@pytest.mark.parametrize(
    "address", ["../pics/a.png", "/pics/a.png", "@/pics/a.png", "<../pics/a.png>", "a.png"]
)
def test_a_path_is_seen_from_the_deck_or_from_the_top(tmp_path: Path, address: str) -> None:
    package = read(tmp_path, d__x_md=f"Q: ![]({address})\nA: A.\n", pics__a_png=PNG)
    assert (fronts(package), held(package)) == (["![](a.png)"], {"a.png": PNG})


def test_a_file_embedded_as_in_obsidian_comes_along(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {"x.md": "Q: ![[my map.png|300]]\nA: A.\n", "p/my map.png": PNG}
    package = read_zip(tmp_path, files)
    assert (fronts(package), held(package)) == (["![](my%20map.png)"], {"my map.png": PNG})


def test_two_files_of_one_name_stay_apart(tmp_path: Path) -> None:
    package = read(
        tmp_path,
        x_md="Q: ![](one/a.png)\nA: A.\n\nQ: ![](two/a.png)\nA: B.\n",
        one__a_png=PNG,
        two__a_png=OTHER,
    )
    names = [front[4:-1] for front in fronts(package)]
    assert [held(package)[name] for name in names] == [PNG, OTHER]


def test_what_cannot_come_along_is_told_by_name(tmp_path: Path) -> None:
    package = read(
        tmp_path,
        x_md="Q: ![](gone.png) ![](film.mp4) ![](https://x.test/a.png)\nA: A.\n",
        film_mp4=b"film",
        unused_png=PNG,
    )
    assert package.media == []
    (remark,) = package.remarks
    assert "not taken (2):" in remark and "gone.png (it is not in the zip)" in remark
    assert "film.mp4 (it is no picture or sound" in remark and "x.test" not in remark


def test_a_deck_file_alone_says_that_its_pictures_are_missing(tmp_path: Path) -> None:
    path = tmp_path / "x.md"
    path.write_text("Q: ![](pics/a.png)\nA: A.\n", encoding="utf-8")
    package = read_as_it_is(Source(path, tmp_path, "x.md"), lambda done, total: None)
    assert "pics/a.png (put the file and its pictures into one zip)" in package.remarks[0]


def test_pictures_in_every_part_of_a_question_come_along(tmp_path: Path) -> None:
    text = "M: Which ![](a.png)?\n- [x] ![](b.png)\n  > ![](c.mp3)\n- [ ] no\n\n"
    text += "C: A [gap] ![](a.png)\n"
    package = read(tmp_path, x_md=text, a_png=PNG, b_png=OTHER, c_mp3=b"ID3")
    assert sorted(held(package)) == ["a.png", "b.png", "c.mp3"]


def test_what_is_written_comes_back_with_its_pictures(tmp_path: Path) -> None:
    package = read(
        tmp_path, A__x_md="Q: ![m](a.png) and ![](b.png)\nA: A.\n", A__a_png=PNG, A__b_png=OTHER
    )
    files: dict[str, bytes | str] = dict(write_markdown(package))
    assert "![m](../media/a.png)" in str(files["A/x.md"])
    (tmp_path / "again").mkdir()
    again = read_zip(
        tmp_path / "again", files | {f"media/{name}": data for name, data in held(package).items()}
    )
    assert (fronts(again), held(again)) == (fronts(package), held(package))
    assert [note.key for note in again.notes] == [note.key for note in package.notes]
