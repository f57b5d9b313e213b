"""Pages of the site that are files elsewhere: README, CONTRIBUTING, CHANGELOG, the notebooks.

mkdocs calls the functions whose names begin with ``on_`` (mkdocs.yml, ``hooks``). Each text stays
in one place, and reads well in the repository too.
"""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = {
    "index.md": "README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
}
_LINK = re.compile(r"(!?)\[([^\]]+)\]\(([^)\s#]+)(#[^)]*)?\)")
_FOREIGN = re.compile(
    r"""<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=["']?(?:https?:)?//[^>]*>"""
)
_ROLE = re.compile(r":(?:meth|func|class|mod|attr):<code>(?:~[\w.]+\.)?")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made of files elsewhere."""
    for name, path in PAGES.items():
        files.append(File.generated(config, name, content=(ROOT / path).read_text("utf-8")))
    for path in sorted(DOCS.glob("notebooks/*.ipynb")):
        text, pictures = page_of_notebook(path)
        name = path.relative_to(DOCS).with_suffix(".md").as_posix()
        files.append(File.generated(config, name, content=text))
        for number, picture in enumerate(pictures):
            file = f"{Path(name).parent}/{path.stem}-{number}.png"
            files.append(File.generated(config, file, content=picture))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Make links as they are in the repository those of the site."""
    source = ROOT / PAGES.get(page.file.src_uri, f"docs/{page.file.src_uri}")
    depth = page.file.src_uri.count("/")
    return _LINK.sub(lambda link: _link_of_site(link, source, "../" * depth), markdown)


def _link_of_site(link: re.Match[str], source: Path, up: str) -> str:
    picture, text, target, anchor = link.groups()
    if "://" in target or target.startswith("mailto:"):
        return link[0]
    path = (source.parent / target).resolve()
    of_root = {(ROOT / file).resolve(): name for name, file in PAGES.items()}
    if path in of_root:
        return f"[{text}]({up}{of_root[path]}{anchor or ''})"
    if not path.is_relative_to(DOCS.resolve()):
        return str(text)  # a file of the repository, which the site has not
    name = re.sub(r"\.ipynb$", ".md", path.relative_to(DOCS.resolve()).as_posix())
    return f"{picture}[{text}]({up}{name}{anchor or ''})"


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Show docstrings without the names of Sphinx's roles."""
    return _ROLE.sub("<code>", html)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Refuse a page that would load something from elsewhere."""
    foreign = _FOREIGN.search(output)
    if foreign:
        raise PluginError(f"{page.file.src_uri} loads {foreign[0]}: keep it in docs/")
    return output


def page_of_notebook(path: Path) -> tuple[str, list[bytes]]:
    """The Markdown of an executed notebook, and its pictures (PNG)."""
    parts: list[str] = []
    pictures: list[bytes] = []
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(text)
            continue
        parts.append(f"```python\n{text}\n```")
        for output in cell["outputs"]:
            shown = _output(output)
            if isinstance(shown, bytes):
                parts.append(f"![output]({path.stem}-{len(pictures)}.png)")
                pictures.append(shown)
            else:
                parts.append(f"```text\n{shown}\n```")
    first, *others = parts
    # written as HTML, since a link in Markdown would lead to this page itself
    note = f'*This page is <a href="{path.name}">a notebook</a>, to be run in Jupyter.*'
    return "\n\n".join((first, note, *others, "")), pictures


def _output(output: dict[str, Any]) -> str | bytes:
    """What a cell has shown: text, or a picture."""
    if output["output_type"] == "stream":
        return "".join(output["text"]).rstrip()
    data = output["data"]
    if "image/png" in data:
        return base64.b64decode("".join(data["image/png"]))
    return "".join(data["text/plain"]).rstrip()
