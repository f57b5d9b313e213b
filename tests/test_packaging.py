"""The project is called, cited and installed in one way, and a shell completes its commands."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
COMPLETIONS = ROOT / "share" / "completions"
CONDA_NAMES = {"duckdb": "python-duckdb", "matplotlib": "matplotlib-base"}


def _citation() -> dict[str, Any]:
    """The simple fields of CITATION.cff, which is YAML."""
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    fields = dict(re.findall(r"^([\w-]+): (.+)$", text, re.M))
    return {name: value.strip('"') for name, value in fields.items()}


def test_citation_and_codemeta_say_what_the_project_says() -> None:
    citation = _citation()
    meta = json.loads((ROOT / "codemeta.json").read_text(encoding="utf-8"))
    assert PROJECT["version"] == meta["version"] == citation["version"]
    assert meta["license"].endswith(f"/{PROJECT['license']}")
    assert citation["license"] == PROJECT["license"]
    assert meta["dateModified"] == citation["date-released"]
    assert meta["description"] == PROJECT["description"]
    assert meta["identifier"] == PROJECT["name"]
    assert citation["keywords"] == f"[{', '.join(meta['keywords'])}]"
    [author] = PROJECT["authors"]
    assert [one["name"] for one in meta["author"]] == [author["name"]]
    assert f'name: "{author["name"]}"' in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert citation["date-released"] in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_an_address_of_the_project_stands_in_all_places_or_in_none() -> None:
    meta = json.loads((ROOT / "codemeta.json").read_text(encoding="utf-8"))
    addresses = {
        PROJECT.get("urls", {}).get("Repository"),
        meta.get("codeRepository"),
        _citation().get("repository-code"),
    }
    assert len(addresses) == 1


def test_the_conda_recipe_needs_what_the_wheel_needs() -> None:
    recipe = (ROOT / "conda" / "meta.yaml").read_text(encoding="utf-8")
    run = recipe.partition("  run:\n")[2].partition("\n\n")[0]
    needed = [line.strip("- ").replace(" ", "") for line in run.splitlines()]
    names = [re.split("(?=>=)", one) for one in PROJECT["dependencies"]]
    wanted = [f"{CONDA_NAMES.get(name, name)}{least}" for name, least in names]
    assert needed == [f"python{PROJECT['requires-python']}", *wanted]
    assert f"tcga-corr = {PROJECT['scripts']['tcga-corr']}" in recipe


def test_the_docs_say_what_each_dependency_is_for() -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    explained = re.findall(r"^\| `([\w-]+)` \| \d+ \| .+ \| .+ \|$", page, re.M)
    needed = [re.split("[>=]", one)[0] for one in PROJECT["dependencies"]]
    assert sorted(explained) == sorted(needed)
    for extra in PROJECT["optional-dependencies"]:
        assert f"`{extra}`" in page


def test_every_pinned_extra_is_pinned_at_both_ends() -> None:
    newest = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower()
    lowest = (ROOT / "constraints-lowest.txt").read_text(encoding="utf-8").lower()
    for extra in ("docs", "notebooks", "package"):
        for need in PROJECT["optional-dependencies"][extra]:
            name, _, least = need.partition(">=")
            if least:
                assert f"\n{name}==" in newest, need
                assert f"\n{name}=={least}" in lowest, need


def _bash(*words: str) -> list[str]:
    """What bash offers for the last of the words."""
    script = (
        f"source {COMPLETIONS / 'tcga-corr.bash'}\n"
        'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tcga_corr; echo "${COMPREPLY[*]}"'
    )
    command = ["bash", "-c", script, "bash", "tcga-corr", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert not done.stderr
    return done.stdout.split()


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is missing")
def test_bash_completes_commands_options_and_values() -> None:
    assert _bash("cor") == ["correlate"]
    assert _bash("--cache", "batch", "surv") == ["survival"]
    assert _bash("correlate", "RELA", "NFE2L2", "--meth") == ["--method"]
    assert _bash("correlate", "--method", "s") == ["spearman"]
    assert _bash("correlate", "-t", "UC") == ["UCEC", "UCS"]
    assert _bash("batch", "ver") == ["verify"]
    assert "--shard" in _bash("batch", "run", "--")
    assert _bash("batch", "run", "spec") == []  # then a file


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_reads_its_script(shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is missing")
    subprocess.run([shell, "-n", COMPLETIONS / f"tcga-corr.{shell}"], check=True)


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is missing")
def test_fish_completes_values() -> None:
    script = f"source {COMPLETIONS / 'tcga-corr.fish'}; complete -C 'tcga-corr correlate --method '"
    done = subprocess.run(["fish", "-c", script], capture_output=True, text=True, check=True)
    assert {line.split("\t")[0] for line in done.stdout.splitlines()} >= {"pearson", "kendall"}


def test_manual_pages_are_of_the_commands() -> None:
    page = (ROOT / "share/man/man1/tcga-corr-correlate.1").read_text(encoding="utf-8")
    assert page.startswith('.\\" ')
    for title in ("NAME", "SYNOPSIS", "DESCRIPTION", "ARGUMENTS", "OPTIONS", "SEE ALSO"):
        assert f"\n.SH {title}\n" in page
    assert "\\fB\\-\\-method <pearson|spearman|kendall|all>\\fR" in page
    assert all(line.isprintable() for line in page.splitlines())


def test_the_readme_is_one_screen() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 75
