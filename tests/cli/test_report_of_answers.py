"""Pages of what was asked: of saved answers, and of questions that are added one by one."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tcga_corr.cli import main
from tcga_corr.cli.saved import read_answer
from tcga_corr.cli.section_figures import section_with_figures
from tcga_corr.engine import Engine, open_store
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.page.collected import _size, read_page
from tcga_corr.page.parts import Section

COUNTS = Path(__file__).parents[1] / "golden/deseq2_counts.tsv.gz"
TWO = ("-t", "ACC,LIHC")
NO_NULL = ("--null", "none")
QUESTIONS: dict[str, tuple[str, ...]] = {
    "pair": ("correlate", "RELA", "NFE2L2", *TWO),
    "one type": ("correlate", "RELA", "NFE2L2", "-t", "LIHC", *NO_NULL, "--method", "all"),
    "adjusted": ("correlate", "RELA", "NFE2L2", *TWO, *NO_NULL, "--adjust", "TP53"),
    "strata": ("correlate", "RELA", "NFE2L2", "--by", "TP53", *TWO, *NO_NULL),
    "screen": ("screen", "RELA", "--against", "TP53,MYC,GPX4", *TWO, *NO_NULL),
    "screen of types": ("screen", "RELA", "--against", "TP53,MYC", "--each", *TWO, "--draws", "50"),
    "list": ("screen", "TP53,MYC,GPX4", "--against", "itself", "-t", "LIHC", *NO_NULL),
    "groups": ("compare", "RELA", "TP53", "-t", "LIHC,BRCA", *NO_NULL),
    "survival": ("survival", "RELA", *TWO, *NO_NULL),
    "dominance": ("dominance", "ferroptosis", "apoptosis", *TWO, "--draws", "20"),
    "robustness": ("robustness", "RELA", "NFE2L2", "-t", "ACC", *NO_NULL),
    "scores": ("score", "ferroptosis", "apoptosis", *TWO),
    "scores of groups": ("score", "RELA", "--by", "sample-type", "-t", "LIHC", *NO_NULL),
    "components": ("pca", "-t", "LIHC", "--by", "sample-type"),
    "ranking": ("enrich", "ranks.tsv", "--against", "hallmark", "--permutations", "100",
                "--min-size", "3"),
    "genes": ("enrich", "genes.txt", "--against", "hallmark", "--universe", "genes.all",
              "--min-size", "3"),
}  # fmt: skip
# what is drawn of samples, which no file has
OF_SAMPLES = {"groups": ["Samples in groups"], "survival": ["Kaplan-Meier curves"]}

Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def engine(simulated: Engine, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A store with follow-up; and files that are asked of."""
    folder = tmp_path_factory.mktemp("answers")
    shutil.copytree(simulated.store.root, folder / "cache")
    engine = open_store(folder / "cache")
    samples = engine.values(["RELA"], tumor_types=["ACC", "LIHC"]).frame["sample"].to_list()
    lines = [f"{one},{n * 5 % 3 > 0:d},{1 + n * 37 % 900}" for n, one in enumerate(samples)]
    (folder / "followed.csv").write_text("\n".join(["sample,OS,OS.time", *lines]) + "\n")
    engine.load_covariates(folder / "followed.csv")
    answer = engine.screen("RELA", "genes", tumor_types=["LIHC"], null="none")
    answer.frame.select("y", "r").write_csv(folder / "ranks.tsv", separator="\t")
    genes = answer.frame["y"].to_list()
    (folder / "genes.txt").write_text("\n".join(genes[:200]) + "\n")
    (folder / "genes.all").write_text("\n".join(genes) + "\n")
    return engine


@pytest.fixture
def ask(engine: Engine, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    monkeypatch.chdir(engine.store.root.parent)

    def ask(*arguments: object) -> tuple[int, str, str]:
        code = main.run(["--cache", str(engine.store.root), *map(str, arguments)])
        out, err = capfd.readouterr()
        assert "unexpected" not in err
        return code, out, err

    return ask


def refused(ask: Ask, *arguments: object, code: int = 2) -> str:
    found, out, err = ask(*arguments)
    assert (found, out) == (code, "")
    assert err.startswith("tcga-corr: error: ")
    assert err.count("\n") == 1
    return err


def titles(section: Section) -> list[str]:
    return [one.title for one in section.drawings]


# --- a saved answer is the answer


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_saved_answer_makes_the_section_that_the_question_makes(
    name: str, ask: Ask, tmp_path: Path
) -> None:
    page, saved = tmp_path / "page.html", tmp_path / "a.json"
    code, _, err = ask(*QUESTIONS[name], "--add-to-report", page, "-o", saved)
    assert code == 0
    assert f"wrote {page}" in err
    [asked] = read_page(page).sections
    of_file = section_with_figures(read_answer(saved))
    assert asked.simulated == (name not in ("ranking", "genes"))  # lists of one's own
    own, other = as_json(asked), as_json(of_file)
    missing = OF_SAMPLES.get(name, [])
    drawings, of_samples = own.pop("drawings"), own.pop("scatters")
    drawn = other.pop("drawings")
    assert own.pop("no_drawings") == []
    assert bool(of_samples) == (asked.pairs != [] and name != "strata")
    assert len(other.pop("no_drawings")) == len(missing) + bool(of_samples)
    assert other.pop("scatters") == {}
    assert own == other
    titles_of_file = [one["title"] for one in drawn]
    assert [one for one in titles(asked) if one not in titles_of_file] == missing
    if name != "scores":  # there, normal samples are drawn beside
        # ids of SVG have the number of the figure
        assert [bare(one) for one in drawn] == [
            bare(one) for one in drawings if one["title"] not in missing
        ]


def as_json(section: Section) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(asdict(section), allow_nan=False))
    return found


def bare(drawing: dict[str, str]) -> str:
    return re.sub(r"q[0-9a-f]{12}-\d+-", "", drawing["svg"])


def test_what_is_in_parquet_is_what_is_in_json(ask: Ask, tmp_path: Path) -> None:
    for name in ("pair", "strata", "groups", "survival", "components"):
        for ending in ("json", "parquet"):
            path = tmp_path / f"{name}.{ending}"
            assert ask(*QUESTIONS[name], "-o", path, "--format", ending)[0] == 0
        own, other = (
            section_with_figures(read_answer(tmp_path / f"{name}.{one}"))
            for one in ("json", "parquet")
        )
        assert as_json(own) == as_json(other)


def test_questions_in_words_have_the_numbers_of_the_rows(ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    ask(*QUESTIONS["list"], "-o", path)
    [finding] = section_with_figures(read_answer(path)).answers
    rows = json.loads(path.read_text())["associations"]
    assert finding.question.startswith("Which of 3 pairs among TP53,MYC,GPX4 vary together in LIHC")
    found = sum(row["q"] < 0.05 for row in rows)
    assert f"{found} of 3 associations " in finding.answer
    first = rows[0]
    assert f"First: {first['x']} and {first['y']} ({first['r']:z.2f})" in finding.answer
    assert "not compared with random genes" in finding.answer


@pytest.mark.slow
def test_differential_expression_and_its_enrichment(ask: Ask, tmp_path: Path) -> None:
    pytest.importorskip("pydeseq2", reason="differential expression needs pydeseq2")
    frame = pl.read_csv(COUNTS, separator="\t")[:250]
    frame.write_csv(tmp_path / "counts.tsv", separator="\t")
    rows = [f"{one}\t{one[0]}" for one in frame.columns[1:]]
    (tmp_path / "groups.tsv").write_text("\n".join(["sample\tgroup", *rows]) + "\n")
    store = open_store(tmp_path / "cache")
    store.load(tmp_path / "counts.tsv", LoadOptions(source="cells", counts=True)).raise_errors()
    command = ("--cache", tmp_path / "cache", "de", "--by", tmp_path / "groups.tsv")
    page, saved = tmp_path / "p.html", tmp_path / "de.json"
    asked = (*command, "--reference", "A", "--add-to-report", page, "-o", saved)
    assert ask(*asked)[0] == 0
    [own] = read_page(page).sections
    assert titles(own) == [
        "Volcano", "Means and fold changes", "Overlap of contrasts", "First genes in each sample",
    ]  # fmt: skip
    assert as_json(section_with_figures(read_answer(saved))) == as_json(own)
    assert not own.simulated
    assert {row["contrast"] for row in own.tables[0].rows} == {"B:A", "C:A", "D:A"}
    called = own.tables[0].rows[0]
    assert f"{called['n_called']:,} of {called['n_tested']:,} genes at q < 0.05" in (
        own.answers[0].answer
    )
    assert any("PyDESeq2" in text for text in own.methods)


# --- a page that grows


def test_questions_stand_in_the_order_in_which_they_are_asked(ask: Ask, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    for name in ("one type", "groups", "list"):
        assert ask(*QUESTIONS[name], "--add-to-report", page)[0] == 0
    before = [one.id for one in read_page(page).sections]
    assert [one.title for one in read_page(page).sections] == [
        "RELA and NFE2L2", "RELA, TP53 by sample-type", "TP53,MYC,GPX4 by each other",
    ]  # fmt: skip
    text = page.read_text(encoding="utf-8")
    assert "<title>Answers to 3 questions" in text
    assert re.findall(r'<section id="(q\w+)"', text) == before
    # the same again takes the place that it had, and the same bytes
    assert ask(*QUESTIONS["one type"], "--add-to-report", page)[0] == 0
    assert page.read_text(encoding="utf-8") == text
    # another setting is another question
    assert ask(*QUESTIONS["one type"], "--ties", "gsva", "--add-to-report", page)[0] == 0
    assert [one.id for one in read_page(page).sections][:3] == before
    assert len(read_page(page).sections) == 4
    assert [one.name for one in tmp_path.iterdir()] == ["page.html"]


def test_a_table_is_printed_as_without_a_page(ask: Ask, tmp_path: Path) -> None:
    plain = ask(*QUESTIONS["one type"])
    added = ask(*QUESTIONS["one type"], "--add-to-report", tmp_path / "p.html")
    assert added[:2] == plain[:2]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace("RELA and NFE2L2", "RELA and XXXX", 1), "was changed after"),
        (lambda text: text + " ", "was changed after"),
        (lambda text: text[: len(text) // 2], "is no page of questions"),
        (lambda _: "<html></html>", "is no page of questions"),
        (lambda _: "", "is no page of questions"),
    ],
)
def test_a_page_that_is_not_as_it_was_written_is_kept(
    change: Callable[[str], str], words: str, ask: Ask, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    ask(*QUESTIONS["one type"], "--add-to-report", page)
    page.write_text(change(page.read_text(encoding="utf-8")), encoding="utf-8")
    before = page.read_bytes()
    assert words in refused(ask, *QUESTIONS["one type"], "--add-to-report", page)
    assert page.read_bytes() == before


def test_a_page_of_another_version_is_kept(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.html"
    monkeypatch.setattr("tcga_corr.page.collected.SCHEMA", 0)
    assert ask(*QUESTIONS["one type"], "--add-to-report", page)[0] == 0
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    assert "by another version" in refused(ask, *QUESTIONS["one type"], "--add-to-report", page)


def test_where_no_page_can_be(ask: Ask, tmp_path: Path) -> None:
    one = QUESTIONS["one type"]
    assert "a report is HTML" in refused(ask, *one, "--add-to-report", tmp_path / "a.pdf")
    assert "is not a folder" in refused(ask, *one, "--add-to-report", tmp_path / "no" / "a.html")
    (tmp_path / "folder.html").mkdir()
    refused(ask, *one, "--add-to-report", tmp_path / "folder.html", code=1)


def test_a_question_without_an_answer_leaves_the_page(ask: Ask, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    ask(*QUESTIONS["one type"], "--add-to-report", page)
    before = page.read_bytes()
    assert ask("correlate", "RELA", "NOSUCH", "--add-to-report", page)[0] != 0
    assert page.read_bytes() == before


# --- report ANSWER.json


def test_answers_in_the_order_given_each_once(ask: Ask, tmp_path: Path) -> None:
    files = []
    for name in ("list", "one type"):
        files.append(tmp_path / f"{name}.json")
        assert ask(*QUESTIONS[name], "-o", files[-1])[0] == 0
    output = tmp_path / "page.html"
    code, out, err = ask("report", *files, files[0], "-o", output, "--title", "<b>Both</b>")
    assert (code, out, err) == (0, "", f"{output}: {output.stat().st_size / 1e6:.1f} MB\n")
    page = read_page(output)
    assert [one.title for one in page.sections] == [
        "TP53,MYC,GPX4 by each other",
        "RELA and NFE2L2",
    ]
    assert page.title == "<b>Both</b>"
    assert "<title>&lt;b&gt;Both&lt;/b&gt;" in output.read_text(encoding="utf-8")
    # a title of one's own stays when a question is added
    assert ask(*QUESTIONS["groups"], "--add-to-report", output)[0] == 0
    assert read_page(output).title == "<b>Both</b>"
    assert len(read_page(output).sections) == 3


Change = Callable[[dict[str, Any]], object]
CHANGES: list[tuple[Change, str]] = [
    (lambda one: one.pop("schema"), "no schema, query and provenance"),
    (lambda one: one.update(schema=1), "has schema 1"),
    (lambda one: one.pop("associations"), "no rows of a question"),
    (lambda one: one.update(associations=[]), "is no answer"),
    (lambda one: one["query"].pop("unit"), "'unit'"),
    (lambda one: one["query"].update(method="by eye"), "method"),
    (lambda one: one["associations"][0].update(r="high"), "'r' has no numbers"),
    (lambda one: one["associations"][0].update(tumor_type=None), "'tumor_type' has no names"),
    (lambda one: one["provenance"].pop("tables"), "'tables'"),
    (lambda one: one["pooled"]["pearson"].update(r="high"), "pearson.r"),
]


@pytest.mark.parametrize(("change", "words"), CHANGES)
def test_what_is_no_answer_is_refused(change: Change, words: str, ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    ask(*QUESTIONS["pair"], *NO_NULL, "-o", path)
    record = json.loads(path.read_text())
    change(record)
    path.write_text(json.dumps(record))
    err = refused(ask, "report", path, "-o", tmp_path / "p.html")
    assert words in err
    assert not (tmp_path / "p.html").exists()


@pytest.mark.parametrize("text", ["", "nothing", "[1, 2]", "[" * 100_000, '{"a": 1}', "\0"])
def test_files_that_are_no_json_object(text: str, ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(text)
    assert "is no answer" in refused(ask, "report", tmp_path / "a.json", "-o", tmp_path / "p.html")


def test_files_that_are_none(ask: Ask, tmp_path: Path) -> None:
    place = ("-o", tmp_path / "p.html")
    assert "no file" in refused(ask, "report", tmp_path / "a.json", *place, code=3)
    assert "no file" in refused(ask, "report", "x" * 10_000 + ".json", *place, code=3)
    (tmp_path / "c.json").write_text("{}")
    assert "'cache' is no answer" in refused(ask, "report", tmp_path / "c.json", "cache", *place)
    (tmp_path / "a.parquet").write_bytes(b"no")
    assert "no Parquet" in refused(ask, "report", tmp_path / "a.parquet", *place)
    pl.DataFrame({"r": [0.5]}).write_parquet(tmp_path / "b.parquet")
    err = refused(ask, "report", tmp_path / "b.parquet", *place)
    assert "no query and provenance in its metadata" in err


def test_a_title_is_of_answers(ask: Ask, tmp_path: Path) -> None:
    assert "--title is of answers" in refused(
        ask, "report", "--title", "x", "-o", tmp_path / "p.html"
    )


def test_without_a_run_the_way_to_a_page_is_named(ask: Ask, tmp_path: Path) -> None:
    code, _, err = ask("report", "-o", tmp_path / "p.html")
    assert code == 0
    assert "no batch was run here" in err
    assert "--add-to-report" in err


def test_many_rows_are_cut_and_that_is_said(ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    ask("screen", "RELA", "--against", "genes", "-t", "LIHC", *NO_NULL, "-o", path)
    n = len(json.loads(path.read_text())["associations"])
    assert n > 1_000
    [table] = section_with_figures(read_answer(path)).tables
    assert len(table.rows) == 1_000
    assert table.note.startswith(f"The first 1,000 of {n:,} rows")


def test_a_page_without_room_for_samples_says_so(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.html"
    assert ask(*QUESTIONS["one type"], "--add-to-report", page)[0] == 0
    [whole] = read_page(page).sections
    assert whole.scatters
    size = _size(page.read_text(encoding="utf-8"))
    monkeypatch.setattr("tcga_corr.page.collected.MOST_BYTES", size - 1_000)
    assert ask(*QUESTIONS["one type"], "--add-to-report", tmp_path / "b.html")[0] == 0
    [cut] = read_page(tmp_path / "b.html").sections
    assert cut.scatters == {}
    assert "no more room" in cut.no_drawings[0]
    monkeypatch.setattr("tcga_corr.page.collected.MOST_BYTES", 1_000)
    err = ask(*QUESTIONS["one type"], "--add-to-report", tmp_path / "c.html")[2]
    assert "too large to open at ease. Begin another page." in err
    assert not (tmp_path / "c.html").exists()


def test_every_question_can_be_added_to_a_page() -> None:
    asked = {command for command, *_ in QUESTIONS.values()} | {"de"}
    folder = Path(main.__file__).parent
    having = {
        path.stem
        for path in folder.glob("*.py")
        if "options.Report = None" in path.read_text(encoding="utf-8")
    }
    assert having == asked
