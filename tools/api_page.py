"""The page about the API of `tcga-corr serve`, from the records that its requests are read by."""

from __future__ import annotations

from tcga_corr.serve.parameters import Parameter
from tcga_corr.serve.routes import LOOK_UPS, QUESTIONS, ROOT, LookUp, Question

INTRODUCTION = """\
# API

Written by `python tools/build_docs.py` from the routes of `tcga-corr serve`; not to be edited by
hand.

The [live page](figures.md#live-page) gets its answers from an API that programs can use too. Its
description in OpenAPI 3.1 is at `{root}/openapi.json`, and is made of the same records. Answers are
JSON; numbers that there are not are null. Columns of rows are those of the
[command line](cli.md#tcga-corr-correlate), with the note without the mark of simulated values as
`why`.

```sh
tcga-corr serve
```

<!-- not run: it needs a server -->
```sh
curl 'http://127.0.0.1:8765{root}/pair?x=ferroptosis&y=nfkb'
curl 'http://127.0.0.1:8765{root}/many?x=ferroptosis&against=CD8A,GZMB,PRF1&adjust=purity'
curl 'http://127.0.0.1:8765{root}/compare.pdf?variables=GPX4' -o boxes.pdf
curl -N 'http://127.0.0.1:8765{root}/pair/events?x=RELA&y=nfkb&null=genes,sets'
```

<!-- not run: it needs a server -->
```python
import json
from urllib.parse import urlencode
from urllib.request import urlopen

query = urlencode({{"x": "ferroptosis", "y": "nfkb", "null": "genes"}})
with urlopen(f"http://127.0.0.1:8765{root}/pair?{{query}}") as response:
    [pair] = json.load(response)["pairs"]
for row in pair["rows"]:
    print(row["tumor_type"], row["n"], row["r"], row["p_genes"])
print("pooled", pair["pooled"]["r"], pair["pooled"]["p_genes"])
```

Where the server was started with a token, send it as `Authorization: Bearer TOKEN`.

## Refusals

A question that cannot be answered gets a status of 400 and one line, `{{"error": "…"}}`: what is
wrong, and what to do. Where a name is unknown, `name` has it, and `near` a list of up to three that
may have been meant. 414 is a question that is too long, 503 too many at a time, with `Retry-After`.

## Forms of an answer

| form | |
| --- | --- |
| `{root}/QUESTION` | JSON, once all of it is there |
| `{root}/QUESTION/events` | [server-sent events](#events) while it is computed |
| `{root}/QUESTION.pdf` | the figure, as of `--plot` on the command line |

## Events

Comparisons with random genes and other pathways take seconds. `…/events` gives, as they come,

| event | data |
| --- | --- |
| `progress` | `{{"stage": "tumor types", "done": 12, "total": 33}}`, of a round over them |
| `answer` | the answer as far as it is: the tumor types are compared first, then the pooled row |
| `end` | `{{}}`: the last answer was whole |
| `error` | as of a refusal, in place of the rest |

Whoever closes the connection cancels the computation at the next tumor type, unless somebody else
waits for the same answer.
"""


def api_page() -> str:
    """The page as Markdown."""
    parts = [INTRODUCTION.format(root=ROOT)]
    parts += [_section(one, "") for one in LOOK_UPS]
    parts += [_section(one, _forms(one)) for one in QUESTIONS]
    return "\n".join(parts)


def _forms(one: Question) -> str:
    return "" if one.is_followed else "\nWithout events and figure.\n"


def _section(one: LookUp | Question, more: str) -> str:
    lines = [f"## {one.name}", "", f"`GET {ROOT}/{one.name}`", "", one.about]
    if one.parameters:
        lines += ["", "| parameter | | |", "| --- | --- | --- |"]
        lines += [_row(parameter) for parameter in one.parameters]
    return "\n".join([*lines, more])


def _row(one: Parameter) -> str:
    facts = ["required"] if one.required else []
    if one.known:
        facts.append(", ".join(f"`{name}`" for name in one.known))
    if one.least is not None:
        facts.append(f"{one.least} to {one.most}")
    default = one.known[0] if one.known else one.default
    if default:
        facts.append(f"default `{default}`")
    if one.times > 1:
        facts.append(f"up to {one.times} times")
    return f"| `{one.name}` | {one.about} | {'; '.join(facts)} |"
