"""Inputs of every format, mutated by a seed: read, or refused in one line, in seconds."""

from __future__ import annotations

import gzip
import random
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest

from tcga_corr.batch.planning import plan_spec
from tcga_corr.engine import Engine, open_store
from tcga_corr.errors import TcgaCorrError
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.vocabulary.gene_sets.gmt import read_set_file
from tests.attack.support import check_one_line, scaled
from tests.batch.support import WHOLE, build_store, write_gmt
from tests.conftest import barcodes, write_table
from tests.formats.test_formats import IDS, made, write_h5ad
from tests.formats.test_study_files import write_star_files

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="the clock of POSIX"),
]
SECONDS = 20

# --- inputs --------------------------------------------------------------------------------------

SAMPLES = [*barcodes(12), *barcodes(3, "11")]
MATRIX = made(SAMPLES)
ROWS = list(zip(MATRIX.genes, MATRIX.texts, strict=True))


def tsv(folder: Path) -> Path:
    return write_table(folder / "mine.tsv", SAMPLES, ROWS)


def packed(folder: Path) -> Path:
    return write_table(folder / "mine.tsv.gz", SAMPLES, ROWS)


def samples_down(folder: Path) -> Path:
    columns = list(zip(*MATRIX.texts, strict=True))
    lines = [",".join(("sample", *MATRIX.genes))]
    lines += [",".join((name, *values)) for name, values in zip(SAMPLES, columns, strict=True)]
    (path := folder / "mine.csv").write_text("\n".join(lines) + "\n")
    return path


def long(folder: Path) -> Path:
    lines = ["gene,sample,value"]
    for gene, values in ROWS:
        lines += [f"{gene},{name},{value}" for name, value in zip(SAMPLES, values, strict=True)]
    (path := folder / "long.csv").write_text("\n".join(lines) + "\n")
    return path


def gct(folder: Path) -> Path:
    lines = ["#1.2", f"{len(ROWS)}\t{len(SAMPLES)}", "\t".join(("Name", "Description", *SAMPLES))]
    lines += ["\t".join((gene, "na", *values)) for gene, values in ROWS]
    (path := folder / "mine.gct").write_text("\n".join(lines) + "\n")
    return path


def parquet(folder: Path) -> Path:
    columns = {name: [float(row[n]) for _, row in ROWS] for n, name in enumerate(SAMPLES)}
    pl.DataFrame({"gene": MATRIX.genes, **columns}).write_parquet(path := folder / "mine.parquet")
    return path


def h5ad(folder: Path) -> Path:
    return write_h5ad(folder, MATRIX)


def star(folder: Path) -> Path:
    """The sheet; the files that it names are whole."""
    return write_star_files(folder, made(barcodes(4)))


def star_file(folder: Path) -> Path:
    """One of the files that a sheet names."""
    write_star_files(folder, made(barcodes(4)))
    return sorted(folder.rglob("*gene_counts.tsv"))[0]


def gmt(folder: Path) -> Path:
    return write_gmt(folder)


def msigdb(folder: Path) -> Path:
    sets = ", ".join(f'"S{n}": {{"geneSymbols": ["RELA", "TP53", "{IDS[n]}"]}}' for n in range(9))
    (path := folder / "sets.json").write_text(f"{{{sets}}}")
    return path


def covariates(folder: Path) -> Path:
    rows = [(name, (f"0.{n}", 40 + n, "II" if n % 2 else "NA")) for n, name in enumerate(SAMPLES)]
    return write_table(folder / "clinic.tsv", ["purity", "age", "stage"], rows)


def spec(folder: Path) -> Path:
    write_gmt(folder)
    (path := folder / "spec.toml").write_text(WHOLE)
    return path


# --- what reads them -----------------------------------------------------------------------------


def load(engine: Engine, path: Path) -> None:
    """Load a table and ask it; with its errors raised."""
    options = LoadOptions(source="mine", tumor_type="LUAD", unit="tpm", linear=True)
    engine.load([path], options).raise_errors()
    engine.correlate("RELA", "NFE2L2", tumor_types=["LUAD"], source="mine", null="none")


def load_star(engine: Engine, path: Path) -> None:
    sheet = next(path.parent.glob("gdc_sample_sheet*"), None) or next(
        path.parents[1].glob("gdc_sample_sheet*")
    )
    load(engine, sheet)


def load_covariates(engine: Engine, path: Path) -> None:
    engine.load_covariates(path, name="clinic")


def read_sets(engine: Engine, path: Path) -> None:
    read_set_file(path)


def plan(engine: Engine, path: Path) -> None:
    plan_spec(engine, path)


KINDS: dict[Callable[[Path], Path], Callable[[Engine, Path], None]] = {
    tsv: load, packed: load, samples_down: load, long: load, gct: load, parquet: load, h5ad: load,
    star: load_star, star_file: load_star, gmt: read_sets, msigdb: read_sets,
    covariates: load_covariates, spec: plan,
}  # fmt: skip

# --- mutations -----------------------------------------------------------------------------------

Mutation = Callable[[bytes, random.Random], bytes]


def cut(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content))]


def repeat(content: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(content))
    stop = min(len(content), start + rng.randrange(1, 2_000))
    return content[:stop] + content[start:stop] * rng.randrange(1, 4) + content[stop:]


def drop(content: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(content))
    return content[:start] + content[start + rng.randrange(1, 2_000) :]


def flip(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 3, 30))):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def insert(content: bytes, rng: random.Random) -> bytes:
    odd = (
        b"\0", b"\0" * 5_000, b"x" * 200_000, b"\t" * 50_000, b"," * 50_000, b"\n" * 3_000, b'"',
        b"'", b"\r", b"\r\n", b"\xef\xbb\xbf", b"\xff\xfe", b"\xc3", "é\u202e\u200b".encode(),
        b"\x1b[2J", b"=cmd()", b"#", b"1e999", b"-inf", b"nan", b"9" * 5_000, b"[" * 5_000,
        b"{" * 5_000, "１２".encode(), b"../../", b"\x1a",
    )  # fmt: skip
    place = rng.randrange(len(content))
    return content[:place] + rng.choice(odd) + content[place:]


def delimit(content: bytes, rng: random.Random) -> bytes:
    old = b"\t" if b"\t" in content else b","
    return content.replace(old, rng.choice((b"\t", b",", b";", b"|", b" ", b"\t\t", b", ")))


def encode(content: bytes, rng: random.Random) -> bytes:
    text = content.decode("latin-1").replace("sample", rng.choice(("sample", "échantillon")))
    return text.encode(rng.choice(("utf-16", "utf-16-le", "utf-32", "latin-1", "utf-8-sig")))


def end_lines(content: bytes, rng: random.Random) -> bytes:
    return content.replace(b"\n", rng.choice((b"\r", b"\r\n", b"\n\n", b"\n\r", b"\x0b", b" \n")))


def swap_columns(content: bytes, rng: random.Random) -> bytes:
    separator = b"\t" if b"\t" in content else b","
    rows = [line.split(separator) for line in content.split(b"\n")]
    one, other = (rng.randrange(max(2, len(rows[0]))) for _ in "ab")
    for row in rows[: rng.choice((1, len(rows)))]:
        if max(one, other) < len(row):
            row[one], row[other] = row[other], row[one]
    return b"\n".join(map(separator.join, rows))


def swap_lines(content: bytes, rng: random.Random) -> bytes:
    lines = content.split(b"\n")
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines + rng.choice(([], lines[:5], lines[-5:])))


def pack(content: bytes, rng: random.Random) -> bytes:
    whole = gzip.compress(content, mtime=0)
    return rng.choice((
        whole, whole[:-4], whole[: len(whole) // 2], whole + b"trailing", whole + whole,
        whole[:-8] + bytes(8), b"\x1f\x8b" + content, gzip.compress(whole, mtime=0), whole[:10],
        b"PK\x03\x04" + content, b"BZh9" + content, b"\x28\xb5\x2f\xfd" + content,
    ))  # fmt: skip


MUTATIONS: tuple[Mutation, ...] = (
    cut, repeat, drop, flip, insert, delimit, encode, end_lines, swap_columns, swap_lines, pack,
)  # fmt: skip


@contextmanager
def in_seconds(most: int) -> Iterator[None]:
    """Ends a block that takes longer."""

    def stop(*_: object) -> None:
        raise AssertionError(f"takes more than {most} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(most)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return build_store(tmp_path_factory.mktemp("mutated") / "cache")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_mutated(store: Engine, tmp_path: Path, kind: Callable[[Path], Path]) -> None:
    """No other exception, and no warning; what is loaded can be asked."""
    ask, wrong, n_read = KINDS[kind], [], 0
    for number in range(scaled(330)):
        rng = random.Random(f"{kind.__name__} {number}")
        folder = tmp_path / str(number)
        folder.mkdir()
        path = kind(folder)
        own = open_store(folder / "cache") if ask in (load, load_star) else store
        several = rng.sample(MUTATIONS, rng.choice((1, 1, 2)))
        if number:
            content = path.read_bytes()
            for mutate in several:
                content = mutate(content or b"x", rng)
            path.write_bytes(content)
        try:
            with in_seconds(SECONDS):
                ask(own, path)
            n_read += 1
        except TcgaCorrError as error:
            check_one_line(error)
            wrong += [] if number else [f"not mutated, and refused: {error}"]
        except Exception as error:  # noqa: BLE001
            names = "+".join(mutate.__name__ for mutate in several)
            wrong.append(f"{number} {names}: {type(error).__name__}: {error}"[:300])
    assert wrong == []
    assert n_read
