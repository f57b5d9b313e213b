"""The figures of a page, as Vega-Lite specifications.

The page's script puts in rows, width and names. Colours are variables of the page's style sheet, so
that they follow light, dark and print.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tcga_corr.page.box_chart import box_chart
from tcga_corr.vocabulary.nulls import NULLS, NullRecord

Spec = dict[str, Any]

INK, GREY, RULE = "var(--ink)", "var(--grey)", "var(--rule)"
POINT, LINE = "var(--point)", "var(--line)"
SERIES = tuple(f"var(--series-{number})" for number in range(1, 9))
_FONT = "system-ui, sans-serif"
_ROW = 18  # pixels
_SILENT: Spec = {"aria": False}  # the table beneath says the same to a screen reader

_CONFIG: Spec = {
    "background": None,
    "font": _FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK,
        "titleColor": INK,
        "domainColor": GREY,
        "tickColor": GREY,
        "gridColor": RULE,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelLimit": 170,
        "titleLimit": 320,
    },
    "legend": {
        "labelColor": INK, "titleColor": INK, "labelFontSize": 12, "titleFontSize": 12,
        "titleFontWeight": "normal", "labelLimit": 220,
    },
    "header": {"labelColor": INK, "labelFontSize": 12, "title": None},
    "text": {"fontSize": 12},
}  # fmt: skip
_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"


def _forest() -> Spec:
    """A row per tumor type: point, interval, ranges of the nulls; the pooled r at the foot.

    The dataset ``rows`` has the columns of an association, in the order to show, ``kind`` (``type``
    or ``pooled``), ``small`` (whether q < 0.05) and texts ``n_text`` and ``r_text``.
    """
    y = {"field": "label", "type": "ordinal", "sort": None, "title": None,
         "axis": {"domain": False, "ticks": False, "labelPadding": 6,
                  "labelFontWeight": {
                      "condition": {"test": "datum.label === 'pooled'", "value": "bold"},
                      "value": "normal"}}}  # fmt: skip
    is_type, is_pooled = "datum.kind === 'type'", "datum.kind === 'pooled'"
    return {
        "data": {"name": "rows"},
        "height": {"step": _ROW},
        "encoding": {"y": y},
        "layer": [
            *(_band(number, null) for number, null in enumerate(NULLS.values())),
            {
                "data": {"values": [{}]},
                "mark": {"type": "rule", "color": GREY, **_SILENT},
                "encoding": {"x": {"datum": 0, "type": "quantitative"}, "y": None},
            },
            _span("ci_low", "ci_high", is_type, 1.6, POINT),
            _span("prediction_low", "prediction_high", is_pooled, 1.2, INK),
            _span("ci_low", "ci_high", is_pooled, 4, INK),
            {
                "transform": [{"filter": f"{is_type} && datum.r !== null"}],
                "mark": {"type": "point", "filled": True, "size": 48, "opacity": 1, **_SILENT},
                "encoding": {
                    "x": _r("r"),
                    "stroke": {"value": POINT},
                    "fill": {"condition": {"test": "datum.small", "value": POINT},
                             "value": "var(--paper)"},
                },
            },
            {
                "transform": [{"filter": "datum.n_shared_genes > 0 && isValid(datum.r_disjoint)"}],
                "mark": {"type": "tick", "thickness": 2, "size": 11, "color": LINE, **_SILENT},
                "encoding": {"x": _r("r_disjoint")},
            },
            {
                "transform": [{"filter": f"{is_pooled} && datum.r !== null"}],
                "mark": {"type": "point", "shape": "diamond", "size": 150, "filled": True,
                         "color": INK, "opacity": 1, **_SILENT},
                "encoding": {"x": _r("r")},
            },
            {
                "transform": [{"filter": "datum.r === null"}],
                "mark": {"type": "text", "color": GREY, "fontStyle": "italic", "fontSize": 11,
                         "limit": 260, **_SILENT},
                "encoding": {"x": {"datum": 0, "type": "quantitative"}, "text": {"field": "why"}},
            },
            _beside("n_text", 48),
            _beside("r_text", 92),
            _pointed_row(),
        ],
    }  # fmt: skip


def _strata() -> Spec:
    """A row per tumor type, with a line for each stratum: point and interval; pooled at the foot.

    The dataset ``rows`` is as that of the forest, with ``stratum``.
    """
    is_pooled = "datum.kind === 'pooled'"
    offset = {"field": "stratum", "type": "nominal", "sort": None}
    colour = {
        "field": "stratum", "type": "nominal", "sort": None, "scale": {"range": list(SERIES)},
        "legend": {"title": None, "orient": "bottom", "columns": 3, "symbolType": "circle"},
    }  # fmt: skip
    y = {"field": "label", "type": "ordinal", "sort": None, "title": None,
         "scale": {"paddingInner": 0.25},
         "axis": {"domain": False, "ticks": False, "labelPadding": 6,
                  "labelFontWeight": {
                      "condition": {"test": "datum.label === 'pooled'", "value": "bold"},
                      "value": "normal"}}}  # fmt: skip
    tooltip = [
        *_titled({"label": "tumor type", "stratum": "stratum", "n_text": "n"}),
        *_titled({"r": "r"}, format=".3f"),
        *_titled({"interval": "95 % interval", "p_text": "p", "q_text": "q", "why": "note"}),
    ]
    point: Spec = {"type": "point", "opacity": 1, "strokeWidth": 1.5, **_SILENT}
    marks: dict[str, Spec] = {
        "datum.r !== null && !datum.small": {"fill": "var(--paper)"},
        "datum.r !== null && datum.small": {"filled": True},
    }
    lines = [
        _line("ci_low", "ci_high", "datum.kind === 'type'", 1.6),
        _line("prediction_low", "prediction_high", is_pooled, 1),
        _line("ci_low", "ci_high", is_pooled, 3.5),
    ]
    return {
        "data": {"name": "rows"},
        "height": {"step": 13, "for": "offset"},
        "encoding": {"y": y, "yOffset": offset},
        "layer": [
            {
                "data": {"values": [{}]},
                "mark": {"type": "rule", "color": GREY, **_SILENT},
                "encoding": {"x": {"datum": 0, "type": "quantitative"}, "y": None,
                             "yOffset": None},
            },
            *({**one, "encoding": {**one["encoding"], "color": colour}} for one in lines),
            *(
                {
                    "transform": [{"filter": test}],
                    "mark": point | mark,
                    "encoding": {
                        "x": _r("r"),
                        "color": colour,
                        "shape": {"condition": {"test": is_pooled, "value": "diamond"},
                                  "value": "circle"},
                        "size": {"condition": {"test": is_pooled, "value": 90}, "value": 40},
                        "tooltip": tooltip,
                    },
                }
                for test, mark in marks.items()
            ),
            _beside("n_text", 48, 10),
            _beside("r_text", 92, 10),
        ],
    }  # fmt: skip


def _line(low: str, high: str, test: str, width: float) -> Spec:
    """A span in the colour of its stratum."""
    span = _span(low, high, test, width, INK)
    del span["mark"]["color"]
    return span


def _hazards() -> Spec:
    """A row per tumor type: hazard ratio, interval and range of random genes; pooled at the foot.

    The dataset ``rows`` has the columns of survival, within ``low`` and ``high``, the ends of the
    axis, which the page puts in; ``kind`` and texts as those of the forest.
    """
    is_type, is_pooled = "datum.kind === 'type'", "datum.kind === 'pooled'"
    axis = {"format": "~g", "title": "hazard ratio per standard deviation", "grid": True}

    def x(field: str) -> Spec:
        return {**_quantity(field), "scale": {"type": "log", "nice": False}, "axis": axis}

    def span(low: str, high: str, test: str, width: float, colour: str) -> Spec:
        found = _span(low, high, test, width, colour)
        return {**found, "encoding": {"x": x(low), "x2": {"field": high}}}

    return {
        "data": {"name": "rows"},
        "height": {"step": _ROW},
        "encoding": {"y": {"field": "label", "type": "ordinal", "sort": None, "title": None,
                           "axis": {"domain": False, "ticks": False, "labelPadding": 6}}},
        "layer": [
            {
                "transform": [{"filter": "isValid(datum.genes_low) && isValid(datum.genes_high)"}],
                "mark": {"type": "bar", "height": {"band": 0.8}, "color": "var(--null-1)",
                         **_SILENT},
                "encoding": {"x": x("genes_low"), "x2": {"field": "genes_high"}},
            },
            {
                "data": {"values": [{}]},
                "mark": {"type": "rule", "color": GREY, **_SILENT},
                "encoding": {"x": {"datum": 1, "type": "quantitative"}, "y": None},
            },
            span("ci_low", "ci_high", is_type, 1.6, POINT),
            span("ci_low", "ci_high", is_pooled, 4, INK),
            {
                "transform": [{"filter": "datum.hr !== null"}],
                "mark": {"type": "point", "filled": True, "opacity": 1, **_SILENT},
                "encoding": {
                    "x": x("hr"),
                    "stroke": {"condition": {"test": is_pooled, "value": INK}, "value": POINT},
                    "fill": {"condition": [{"test": is_pooled, "value": INK},
                                           {"test": "datum.small", "value": POINT}],
                             "value": "var(--paper)"},
                    "shape": {"condition": {"test": is_pooled, "value": "diamond"},
                              "value": "circle"},
                    "size": {"condition": {"test": is_pooled, "value": 150}, "value": 48},
                },
            },
            {
                "transform": [{"filter": "datum.hr === null"}],
                "mark": {"type": "text", "color": GREY, "fontStyle": "italic", "fontSize": 11,
                         "limit": 260, **_SILENT},
                "encoding": {"x": {"datum": 1, "type": "quantitative"}, "text": {"field": "why"}},
            },
            _beside("n_text", 48),
            _beside("r_text", 92),
            {
                "mark": {"type": "bar", "height": {"band": 1}, "opacity": 0,
                         "tooltip": {"content": "data"}, "x2Offset": 92, **_SILENT},
                "encoding": {
                    "x": {"value": 0},
                    "x2": {"value": "width"},
                    "tooltip": [
                        *_titled({"label": "tumor type", "name": " ", "n_text": "events",
                                  "r_text": "hazard ratio", "interval": "95 % interval",
                                  "p_text": "p", "q_text": "q", "genes_text":
                                  "p_genes (95 % of random genes)", "why": "note"}),
                    ],
                },
            },
        ],
    }  # fmt: skip


def _r(field: str) -> Spec:
    return {
        **_quantity(field),
        "scale": {"domain": [-1, 1], "nice": False},
        "axis": {"values": [-1, -0.5, 0, 0.5, 1], "format": "~g", "title": "r", "grid": True},
    }


def _band(number: int, null: NullRecord) -> Spec:
    """What a null gives, above or below those of the others."""
    height = 0.84 / len(NULLS)
    offset = (number + 0.5) / len(NULLS) - 0.5
    return {
        "transform": [{"filter": f"isValid(datum.{null.low}) && isValid(datum.{null.high})"}],
        "mark": {"type": "bar", "height": {"band": height}, "yOffset": offset * _ROW * 0.84,
                 "color": f"var(--null-{number + 1})", **_SILENT},
        "encoding": {"x": _r(null.low), "x2": {"field": null.high}},
    }  # fmt: skip


def _span(low: str, high: str, test: str, width: float, colour: str) -> Spec:
    return {
        "transform": [{"filter": f"{test} && isValid(datum.{low})"}],
        "mark": {"type": "rule", "strokeWidth": width, "color": colour, **_SILENT},
        "encoding": {"x": _r(low), "x2": {"field": high}},
    }


def _beside(field: str, offset: int, size: int = 12) -> Spec:
    """A column of text at the right of the axes."""
    return {
        "mark": {"type": "text", "align": "right", "color": INK, "xOffset": offset,
                 "fontSize": size, **_SILENT},
        "encoding": {"x": {"value": "width"}, "text": {"field": field}},
    }  # fmt: skip


def _titled(titles: Mapping[str, str], **more: str) -> list[Spec]:
    """The fields of a tooltip, with their titles."""
    return [{"field": field, "title": title, **more} for field, title in titles.items()]


def _quantity(field: str) -> Spec:
    return {"field": field, "type": "quantitative"}


def _pointed_row() -> Spec:
    """The whole row, under the pointer."""
    return {
        "params": [
            {"name": "under", "select": {"type": "point", "on": "pointerover",
                                         "clear": "pointerout", "fields": ["label"]}}
        ],
        "mark": {"type": "bar", "height": {"band": 1}, "color": INK, "cursor": "pointer",
                 "tooltip": {"content": "data"}, "x2Offset": 92, **_SILENT},
        "encoding": {
            "x": {"value": 0},
            "x2": {"value": "width"},
            "fillOpacity": {"condition": {"param": "under", "empty": False, "value": 0.08},
                            "value": 0},
            "tooltip": [
                *_titled({"label": "tumor type", "name": " ", "n_text": "n"}),
                *_titled({"r": "r"}, format=".3f"),
                *_titled({"interval": "95 % interval", "p_text": "p", "q_text": "q"}),
                *_titled({f"{one.name}_text": f"{one.p} (95 % of {one.short})"
                          for one in NULLS.values()}),
                *_titled({"disjoint_text": "r without shared genes", "why": "note"}),
            ],
        },
    }  # fmt: skip


def _scatter() -> Spec:
    """Samples of one tumor type, from the dataset ``points``; the line from ``line``."""

    def axis(name: str) -> Spec:
        return {
            **_quantity(name), "scale": {"zero": False},
            "axis": {"grid": False, "tickCount": 5, "labelFlush": True, "title": name},
        }  # fmt: skip

    return {
        "height": 320,
        "layer": [
            {
                "data": {"name": "points"},
                "mark": {"type": "circle", "color": POINT, "opacity": 0.55, **_SILENT},
                "encoding": {
                    "x": axis("x"),
                    "y": axis("y"),
                    "size": {"value": 30},
                    "tooltip": [
                        *_titled({"sample": "sample"}),
                        *_titled({"x": "x", "y": "y"}, format=".5~g"),
                    ],
                },
            },
            {
                "data": {"name": "line"},
                "mark": {"type": "area", "color": LINE, "opacity": 0.2, **_SILENT},
                "encoding": {"x": _quantity("x"), "y": _quantity("low"), "y2": {"field": "high"}},
            },
            {
                "data": {"name": "line"},
                "mark": {"type": "line", "color": LINE, "strokeWidth": 2, **_SILENT},
                "encoding": {"x": _quantity("x"), "y": _quantity("y")},
            },
        ],
    }


def _heat() -> Spec:
    """Pairs by tumor types, r as colour, from the dataset ``cells``: pair, tumor_type, r, small."""
    return {
        "data": {"name": "cells"},
        "height": {"step": 16},
        "encoding": {
            "x": {"field": "tumor_type", "type": "ordinal", "sort": None, "title": None,
                  "axis": {"orient": "top", "labelAngle": -90, "domain": False, "ticks": False}},
            "y": {"field": "pair", "type": "ordinal", "sort": None, "title": None,
                  "axis": {"domain": False, "ticks": False, "labelLimit": 260}},
        },
        "layer": [
            {
                "mark": {"type": "rect", "cursor": "pointer", **_SILENT},
                "encoding": {
                    "color": {
                        **_quantity("r"),
                        # the same in dark, as it may be printed
                        "scale": {
                            "domain": [-1, 0, 1],
                            "range": ["#2166ac", "#f4f4f4", "#b2182b"],
                            "interpolate": "rgb",
                        },
                        "legend": {"title": "r", "orient": "bottom", "gradientLength": 160},
                    },
                    "tooltip": _titled({"pair": "pair", "tumor_type": "tumor type",
                                        "r_text": "r", "q_text": "q", "n": "n"}),
                },
            },
            {
                "transform": [{"filter": "datum.small"}],
                "mark": {"type": "point", "filled": True, "size": 7, "color": "#1a1a1a",
                         "opacity": 1, "tooltip": None, **_SILENT},
            },
        ],
    }  # fmt: skip


def _dominance() -> Spec:
    """Shares of samples in which each set scores highest, a row per tumor type, from ``shares``."""
    return {
        "data": {"name": "shares"},
        "facet": {"row": {"field": "scale", "type": "nominal", "sort": None,
                          "header": {"orient": "top", "labelAnchor": "start"}}},
        "spec": {
            "height": {"step": _ROW},
            "mark": {"type": "bar", "height": {"band": 0.8}, **_SILENT},
            "encoding": {
                "y": {"field": "tumor_type", "type": "ordinal", "title": None,
                      "axis": {"domain": False, "ticks": False, "labelPadding": 6}},
                "x": {**_quantity("share"), "stack": "zero",
                      "scale": {"domain": [0, 1]},
                      "axis": {"format": "%", "tickCount": 5, "title": "share of samples"}},
                "order": _quantity("place"),
                "color": {"field": "set", "type": "nominal",
                          "scale": {"range": list(SERIES)},
                          "legend": {"title": None, "orient": "bottom", "columns": 3}},
                "tooltip": _titled({"tumor_type": "tumor type", "set": "gene set",
                                    "n_highest": "highest in", "n": "of"}),
            },
        },
    }  # fmt: skip


def all_charts() -> dict[str, Spec]:
    """By name, for the page."""
    charts = {
        "forest": _forest(), "strata": _strata(), "scatter": _scatter(), "heat": _heat(),
        "dominance": _dominance(), "hazards": _hazards(), "boxes": box_chart(),
    }  # fmt: skip
    return {name: whole(chart) for name, chart in charts.items()}


def whole(chart: Spec) -> Spec:
    """A figure with the look of all."""
    return {"$schema": _SCHEMA, **chart, "config": _CONFIG}
