"""The lines of keys and elements: by hand, and in made-up texts whose every leaf tells its line."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tcga_corr.batch.spec.lines import lines_of
from tcga_corr.batch.spec.problems import Place, format_place

HARD = '''\
# [[x]]

a.b . "c.d" = 1
'a.z' = """x
[[y]]
"""""
[t."q\\u0041"]  # "
k = [ 1, # one ]
 "]#\\"", [ 2,
 3 ], { a = 1, b.c = [ 4 ], d = {} } ,

 1979-05-27 07:32:00, \'\'\'
 ] \'\'\'\'\',
]
z = 1.5 # a = 1
[[p]]
[[p]]
x = """\\
  \\"""" # twice
[[p.q]]
y=""
[p.q.r]
s=\'\'
[[p.q]]
[p.w]
[t.u]
'''
LINES = {
    "a": 3, "a.b": 3, 'a.b."c.d"': 3, '"a.z"': 4, "t": 7, "t.qA": 7, "t.qA.k": 8, "t.qA.k[1]": 8,
    "t.qA.k[2]": 9, "t.qA.k[3]": 9, "t.qA.k[3][1]": 9, "t.qA.k[3][2]": 10, "t.qA.k[4]": 10,
    "t.qA.k[4].a": 10, "t.qA.k[4].b": 10, "t.qA.k[4].b.c": 10, "t.qA.k[4].b.c[1]": 10,
    "t.qA.k[4].d": 10, "t.qA.k[5]": 12, "t.qA.k[6]": 12, "t.qA.z": 15, "p": 16, "p[1]": 16,
    "p[2]": 17, "p[2].x": 18, "p[2].q": 20, "p[2].q[1]": 20, "p[2].q[1].y": 21, "p[2].q[1].r": 22,
    "p[2].q[1].r.s": 23, "p[2].q[2]": 24, "p[2].w": 25, "t.u": 26,
}  # fmt: skip


def places(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every part of what a text says, with its place."""
    if place:
        yield place, value
    if isinstance(value, dict | list):
        for step, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(one, (*place, step))


def test_lines_by_hand() -> None:
    assert {format_place(place): line for place, line in lines_of(HARD).items()} == LINES


def test_windows_ends_of_lines() -> None:
    assert lines_of(HARD.replace("\n", "\r\n")) == lines_of(HARD)


def test_nothing() -> None:
    assert lines_of("") == lines_of("\n# only = this\n") == {}


class Writer:
    """Writes a text in which every leaf is the number of its own line."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.text = ""

    def chance(self) -> bool:
        return self.draw(st.booleans())

    def any_of(self, *choices: str) -> str:
        return self.draw(st.sampled_from(choices))

    def gap(self) -> None:
        """A place where a text may go on in another line."""
        self.text += self.any_of("", " ", "\n", " # [x]\n", "\n # a = '\n\t")

    def key(self, number: int) -> str:
        return self.any_of(f"k{number}", f'"k {number}"', f"'k={number}'", f'"\\u004b#{number}"')

    def value(self, depth: int) -> None:
        kind = self.draw(st.integers(0, 4)) if depth else 0
        line = self.text.count("\n") + 1
        if kind == 1:
            self.text += "["
            for _ in range(self.draw(st.integers(0, 3))):
                self.gap()
                self.value(depth - 1)
                self.gap()
                self.text += ","
            self.gap()
            self.text += "]"
        elif kind == 2:
            self.text += "{ "
            for number in range(self.draw(st.integers(0, 2))):
                self.text += (", " if number else "") + f"{self.key(number)} = "
                self.value(depth - 1)
            self.text += " }"
        elif kind == 3:
            self.text += f'"""{line}' + self.any_of("", "\n[[p]]\n", ' \\" ]') + '"""'
        else:
            self.text += self.any_of(str(line), f'"{line}"', f"'{line}'", f'"{line} \\" ] , # }}"')

    def document(self) -> str:
        headers = self.draw(st.lists(st.sampled_from(["[t%d]", "[[p]]", "[[p.q]]"]), max_size=4))
        for number, header in enumerate(["", *headers]):
            if header == "[[p.q]]" and "[[p]]" not in headers[: number - 1]:
                continue
            self.text += (header % number if "%" in header else header) + "\n"
            for key in range(self.draw(st.integers(0, 3))):
                parts = [self.key(key), *(["a"] if self.chance() else [])]
                self.text += f"{'.'.join(parts)} = "
                self.value(2)
                self.text += self.any_of("\n", " # c = 1\n", "\n\n")
        return self.text


@st.composite
def texts(draw: st.DrawFn) -> str:
    return Writer(draw).document()


@given(texts())
def test_every_leaf_is_on_the_line_it_tells(text: str) -> None:
    lines = lines_of(text)
    said = dict(places(tomllib.loads(text)))
    assert set(lines) == set(said)
    for place, value in said.items():
        if not isinstance(value, dict | list):
            assert str(value).split()[0] == str(lines[place])
