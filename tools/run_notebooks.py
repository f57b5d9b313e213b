"""Run the notebooks of docs/notebooks and write what they show, or check that it is up to date.

python tools/run_notebooks.py [--check]

Each runs in an empty folder of its own, as a reader's does, with `tcga-corr` of this environment.
With ``--check`` nothing is written; text must be the same, pictures only be there. Fractions may
differ by 1 in 10,000: numpy's logarithms have other last digits on other processors, and with them
the simulated values.
"""

from __future__ import annotations

import math
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from traitlets.config import Config

NOTEBOOKS = Path(__file__).parent.parent / "docs" / "notebooks"
SECONDS = 300  # at most, of a cell
_FRACTION = re.compile(r"-?\d+\.\d+(?:e[-+]?\d+)?")
_WIDTH = re.compile(r"[ ─═]+")  # of a table's column, which follows the digits of its numbers


def run(path: Path) -> Any:
    """The notebook with its cells run. A cell that fails is an error."""
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        # files in place of ports, which others could listen to
        sockets = Config(KernelManager={"transport": "ipc", "ip": f"{folder}/.kernel"})
        place = {"metadata": {"path": folder}}
        NotebookClient(notebook, timeout=SECONDS, resources=place, config=sockets).execute()
    for cell in notebook.cells:
        cell.metadata = {}  # when each cell ran
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


def shown(notebook: Any) -> list[str]:
    """What each cell shows: text, and which outputs are pictures."""
    texts = []
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {"text/plain": output.get("text", "")})
            texts.append("picture" if "image/png" in data else data["text/plain"])
    return texts


def are_alike(before: str, after: str) -> bool:
    """Whether two texts are the same but for the last digits of fractions."""
    pairs = zip(_FRACTION.findall(before), _FRACTION.findall(after), strict=False)
    words = [_WIDTH.sub(" ", _FRACTION.sub("#", text)) for text in (before, after)]
    return words[0] == words[1] and all(
        math.isclose(float(one), float(other), rel_tol=1e-4, abs_tol=1e-9) for one, other in pairs
    )


def main() -> int:
    beside = str(Path(sys.executable).parent)
    os.environ["PATH"] = os.pathsep.join((beside, os.environ["PATH"]))
    os.environ["COLUMNS"] = "100"
    os.environ.pop("TCGA_CORR_CACHE", None)
    stale = 0
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        before = nbformat.read(path, as_version=4)
        after = run(path)
        if "--check" not in sys.argv:
            nbformat.write(after, path)
            continue
        texts = shown(before), shown(after)
        if len(texts[0]) != len(texts[1]) or not all(map(are_alike, *texts)):
            print(f"{path.name} shows something else now: run python tools/run_notebooks.py")
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main())
