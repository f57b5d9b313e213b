"""Processes that load, remove, ask and verify one store at random, and are killed at random."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tcga_corr.engine import Engine, open_store
from tcga_corr.fetching.simulation import write_atlas
from tcga_corr.loading.plan import LoadOptions
from tests.attack.support import SIZE

TYPES = ("ACC", "CHOL", "LIHC", "UVM")
N_PROCESSES = 4
SECONDS = 300 if SIZE else 15
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL of POSIX"),
]

SCRIPT = """
import json, random, sys, traceback
from pathlib import Path
from tcga_corr.engine import open_store
from tcga_corr.errors import DamagedTableError, TcgaCorrError
from tcga_corr.loading.plan import LoadOptions

root, seed, journal, expected = sys.argv[1], sys.argv[2], Path(sys.argv[3]), json.loads(sys.argv[4])
rng, engine = random.Random(seed), open_store(root)
paths = {path.parent.name.split(".")[1]: path for path in Path(root).glob("downloads/*/*/*.gz")}

def note(text):
    with journal.open("a") as handle:
        handle.write(text.replace("\\n", " | ") + "\\n")

def load():
    some = rng.sample(sorted(paths), rng.randint(1, 2))
    report = engine.load([paths[name] for name in some], LoadOptions(source="simulated"))
    report.raise_errors()

def remove():
    engine.remove("simulated", [rng.choice(sorted(paths))])

def correlate():
    for row in engine.correlate("RELA", "NFE2L2", null="none").frame.to_dicts():
        if [row["n"], row["r"]] != expected[row["tumor_type"]]:
            note(f"WRONG correlate answers {row}")

def sql():
    query = "SELECT tumor_type, count(*) FILTER (tumor) AS n FROM samples GROUP BY ALL"
    for row in engine.sql(query).to_dicts():
        if row["n"] != expected[row["tumor_type"]][0]:
            note(f"WRONG sql answers {row}")

def verify():
    found = engine.verify(repair=rng.random() < 0.3).to_dicts()
    for row in found:
        if row["state"] in ("damaged", "missing"):
            note(f"WRONG verify says {row}")

def status():
    engine.status()

ways = [load, load, remove, correlate, correlate, sql, verify, status]
while True:
    way = rng.choice(ways)
    try:
        way()
        note(f"done {way.__name__}")
    except DamagedTableError as error:
        note(f"WRONG {way.__name__}: {error}")
    except TcgaCorrError as error:
        note(f"refused {way.__name__}: {error}")
    except BaseException:
        note(f"WRONG {way.__name__}: {traceback.format_exc()[-1500:]}")
"""


def ask(engine: Engine) -> dict[str, list[float]]:
    rows = engine.correlate("RELA", "NFE2L2", null="none").frame
    return {row["tumor_type"]: [row["n"], row["r"]] for row in rows.to_dicts()}


def states(engine: Engine, *, repair: bool = False) -> set[str]:
    return set(engine.verify(repair=repair)["state"])


def attack(engine: Engine, journal: Path, expected: dict[str, list[float]]) -> int:
    """Run the processes for some seconds; how many were killed."""
    rng, numbers, killed = random.Random(5), iter(range(10**6)), 0
    script = [sys.executable, "-c", SCRIPT, str(engine.store.root)]

    def start() -> subprocess.Popen[bytes]:
        seed = str(next(numbers))
        return subprocess.Popen([*script, seed, str(journal), json.dumps(expected)])

    processes = [start() for _ in range(N_PROCESSES)]
    try:
        end = time.monotonic() + SECONDS
        time.sleep(3)  # they import
        while time.monotonic() < end:
            time.sleep(rng.uniform(0.3, 2))
            victim = rng.randrange(N_PROCESSES)
            assert processes[victim].poll() is None, "a process has ended by itself"
            processes[victim].kill()
            processes[victim].wait()
            killed += 1
            processes[victim] = start()
    finally:
        for process in processes:
            process.kill()
            process.wait()
    return killed


def test_a_store_that_is_killed_over_and_over(tmp_path: Path) -> None:
    """What is stored stays right: kills leave temporary files, which --repair removes."""
    engine = open_store(tmp_path / "cache")
    folder = engine.store.downloads("simulated")
    paths = list(write_atlas(folder, n_genes=1_500, tumor_types=TYPES))
    engine.load(paths, LoadOptions(source="simulated")).raise_errors()
    expected = ask(engine)
    assert set(expected) == set(TYPES)
    journal = tmp_path / "journal.txt"
    assert attack(engine, journal, expected) >= 3
    lines = journal.read_text().splitlines()
    wrong = [line for line in lines if line.startswith("WRONG")]
    done = {line.split()[1] for line in lines if line.startswith("done")}
    print(f"\n{len(lines)} commands, {len(wrong)} wrong; done: {sorted(done)}")
    assert wrong == []
    assert done == {"load", "remove", "correlate", "sql", "verify", "status"}
    quiet = open_store(engine.store.root)
    assert states(quiet) <= {"whole", "not built", "no record", "leftover"}
    states(quiet, repair=True)
    assert states(quiet) <= {"whole", "not built", "no record"}
    quiet.load(paths, LoadOptions(source="simulated")).raise_errors()
    assert ask(quiet) == expected
    assert states(quiet) <= {"whole", "no record"}
