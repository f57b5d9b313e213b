"""The page as text: one file, which loads nothing from anywhere."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any

import vl_convert
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from tcga_corr.page.change_charts import change_charts
from tcga_corr.page.charts import all_charts
from tcga_corr.page.parts import Page, as_data
from tcga_corr.vocabulary.associations import SIGNIFICANT
from tcga_corr.vocabulary.nulls import NULLS
from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES

_VEGA_LITE = "6.4"
# beside page.js, which calls them
_LIVE, _WRITTEN = ("live_form.js", "live_boxes.js", "live.js"), ("sections.js", "printed.js")
_OF_NULLS = ("name", "short", "compared_with", "z", "p", "q", "mean", "low", "high")


def report(page: Page, schema: int | None = None) -> str:
    """The HTML of a page, with all its figures and tables in it.

    ``schema`` is that of its data, where they are to be read again.

    Rows and names are data of the page, never its markup or its script: the script writes them as
    text, and the policy in the page's head lets no other script run and nothing be loaded.
    """
    return _render(page, is_live=False, schema=schema)


def live_page() -> str:
    """The HTML of the page that gets its figures from a server."""
    return _render(
        Page("Do these two vary together?", "", simulated=False, answers=()), is_live=True
    )


def _render(page: Page, *, is_live: bool, schema: int | None = None) -> str:
    data = {
        **({} if schema is None else {"schema": schema, "version": version("tcga-corr")}),
        "page": as_data(page),
        "live": is_live,
        "charts": {**all_charts(), **change_charts()},
        "nulls": [{name: getattr(null, name) for name in _OF_NULLS} for null in NULLS.values()],
        "significant": SIGNIFICANT,
        "names": {one.abbreviation: one.name for one in TUMOR_TYPES.values()},
    }
    own = ("differential.js", *(_LIVE if is_live else _WRITTEN), "page.js")
    scripts = [_vega(), "\n".join(map(_read, own))]
    policy = "; ".join(
        [
            "default-src 'none'",
            f"script-src {' '.join(map(_hash, scripts))}",
            *(["connect-src 'self'"] if is_live else []),
            "style-src 'unsafe-inline'",
            "img-src data: blob:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    text = _template().render(
        page=page,
        live=is_live,
        nulls=NULLS,
        data=_inert(data),
        scripts=scripts,
        style=_read("page.css"),
        policy=policy,
        version=version("tcga-corr"),
    )
    # half of a pair of surrogates, as of a file name that is not UTF-8, can be in no file
    return text.encode("utf-8", "replace").decode("utf-8")


def _inert(data: Any) -> str:
    """JSON that no text in it can end, or turn into markup."""
    text = json.dumps(data, allow_nan=False, default=str, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def _hash(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"'sha256-{digest}'"


@cache
def _vega() -> str:
    """Vega, Vega-Lite and Vega-Embed in one script."""
    bundle: str = vl_convert.javascript_bundle(
        "window.vegaEmbed = vegaEmbed; window.vega = vega;", vl_version=_VEGA_LITE
    )
    return bundle.replace("</script", "<\\/script")


@cache
def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader(__package__, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")
