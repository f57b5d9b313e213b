"""The figure of a variable in groups of samples, as a Vega-Lite specification."""

from __future__ import annotations

from typing import Any

Spec = dict[str, Any]

_INK, _GREY, _PAPER = "var(--ink)", "var(--grey)", "var(--paper)"
_SILENT: Spec = {"aria": False}  # the table beneath says the same to a screen reader
_STEP = 13  # pixels of a group


def box_chart() -> Spec:
    """A row per tumor type with a box for each group: quartiles, median, whiskers, values beyond.

    The dataset ``boxes`` has the fields of :class:`~tcga_corr.page.parts.Box`, with ``label`` and
    texts; ``beyond`` the values beyond the whiskers; ``tests`` a row per tumor type, with
    ``q_text`` and the group beside which it stands. The page puts in the groups and the title of
    the axis.
    """
    y: Spec = {"field": "label", "type": "ordinal", "sort": None, "title": None,
               "scale": {"paddingInner": 0.25},
               "axis": {"domain": False, "ticks": False, "labelPadding": 6}}  # fmt: skip
    colour: Spec = {
        "field": "group", "type": "nominal", "sort": None,
        "scale": {"range": ["var(--series-2)", "var(--series-1)"]},
        "legend": {"title": None, "orient": "bottom", "symbolType": "square"},
    }  # fmt: skip
    titles = {"label": "tumor type", "group": "samples", "n_text": "n", "median_text": "median",
              "box_text": "quartiles", "p_text": "p", "q_text": "q",
              "genes_text": "p_genes"}  # fmt: skip
    tooltip = [{"field": field, "title": title} for field, title in titles.items()]
    drawn = [{"filter": "isValid(datum.median)"}]

    def x(field: str) -> Spec:
        return {"field": field, "type": "quantitative", "scale": {"zero": False},
                "axis": {"grid": True, "title": "value"}}  # fmt: skip

    return {
        "data": {"name": "boxes"},
        "height": {"step": _STEP, "for": "offset"},
        "encoding": {"y": y, "yOffset": {"field": "group", "type": "nominal", "sort": None}},
        "layer": [
            {
                "transform": drawn,
                "mark": {"type": "rule", "strokeWidth": 1.2, **_SILENT},
                "encoding": {"x": x("low"), "x2": {"field": "high"}, "color": colour},
            },
            {
                "transform": drawn,
                "mark": {"type": "bar", "height": {"band": 0.8}, **_SILENT},
                "encoding": {"x": x("q1"), "x2": {"field": "q3"}, "color": colour,
                             "tooltip": tooltip},
            },
            {
                "transform": drawn,
                "mark": {"type": "tick", "thickness": 2, "size": 10, "color": _PAPER, **_SILENT},
                "encoding": {"x": x("median")},
            },
            {
                "data": {"name": "beyond"},
                "mark": {"type": "point", "size": 9, "strokeWidth": 1, "opacity": 0.7, **_SILENT},
                "encoding": {"x": x("value"), "color": colour},
            },
            {
                "data": {"name": "tests"},
                "mark": {"type": "text", "align": "right", "color": _INK, "xOffset": 60,
                         "fontSize": 11, **_SILENT},
                "encoding": {"x": {"value": "width"}, "text": {"field": "q_text"},
                             "color": {"condition": {"test": "datum.small", "value": _INK},
                                       "value": _GREY}},
            },
        ],
    }  # fmt: skip
