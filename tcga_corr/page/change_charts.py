"""The figure of differential expression, as a Vega-Lite specification; see :mod:`.charts`."""

from __future__ import annotations

from tcga_corr.page.charts import GREY, INK, LINE, POINT, Spec, whole

_SILENT: Spec = {"aria": False}  # the tables beneath say the same to a screen reader
_COLOURS = {"up": LINE, "down": POINT, "neither": GREY}


def change_charts() -> dict[str, Spec]:
    """By name, for the page."""
    return {"volcano": whole(_volcano())}


def _volcano() -> Spec:
    """Genes of a contrast, log2 fold change across and -log10 q up.

    The dataset ``points`` has ``gene``, ``x``, ``y``, ``call`` (``up``, ``down`` or ``neither``),
    ``mark`` (1 without a read in a group, 2 beyond what a number can say) and texts; ``labels`` has
    ``x``, ``y``, ``at`` (the height of the name), ``side`` and ``gene``; ``limits`` have a ``line``
    each.
    """

    def across(field: str) -> Spec:
        return {
            "field": field, "type": "quantitative", "scale": {"nice": False},
            "axis": {"grid": False, "tickCount": 7, "title": "log2 fold change"},
        }  # fmt: skip

    def up(field: str) -> Spec:
        return {
            "field": field, "type": "quantitative", "scale": {"nice": False},
            "axis": {"grid": False, "tickCount": 6, "title": "−log10 q"},
        }  # fmt: skip

    colour = {
        "field": "call", "type": "nominal", "legend": None,
        "scale": {"domain": list(_COLOURS), "range": list(_COLOURS.values())},
    }  # fmt: skip
    tooltip = [
        {"field": field, "title": title}
        for field, title in {
            "gene": "gene", "x_text": "log2FC", "q_text": "q", "why": "note",
        }.items()
    ]  # fmt: skip
    point: Spec = {"type": "point", "strokeWidth": 1.2, **_SILENT}

    def points(test: str, mark: Spec, size: float) -> Spec:
        return {
            "data": {"name": "points"},
            "transform": [{"filter": test}],
            "mark": point | mark,
            "encoding": {
                "x": across("x"), "y": up("y"), "color": colour, "tooltip": tooltip,
                "size": {"value": size},
            },
        }  # fmt: skip

    def rule(test: str, field: str, channel: str) -> Spec:
        axis = across(field) if channel == "x" else up(field)
        return {
            "data": {"name": "limits"},
            "transform": [{"filter": test}],
            "mark": {"type": "rule", "color": GREY, "strokeDash": [4, 3], **_SILENT},
            "encoding": {channel: axis},
        }

    def names(side: str, align: str, offset: int) -> Spec:
        return {
            "data": {"name": "labels"},
            "transform": [{"filter": f"datum.side === '{side}'"}],
            "mark": {"type": "text", "align": align, "dx": offset, "color": INK, "fontSize": 11,
                     "limit": 110, "baseline": "middle", **_SILENT},
            "encoding": {"x": across("x"), "y": up("at"), "text": {"field": "gene"}},
        }  # fmt: skip

    is_called = "datum.call !== 'neither'"
    return {
        "height": 360,
        "layer": [
            rule("isValid(datum.x)", "x", "x"),
            rule("isValid(datum.y)", "y", "y"),
            points("datum.call === 'neither'", {"filled": True, "opacity": 0.35}, 14),
            points(f"{is_called} && datum.mark === 0", {"filled": True, "opacity": 0.75}, 26),
            points(f"{is_called} && datum.mark === 1", {"filled": False, "opacity": 0.9}, 26),
            points(
                f"{is_called} && datum.mark === 2",
                {"filled": True, "opacity": 0.9, "shape": "triangle-up"},
                40,
            ),
            {
                "data": {"name": "labels"},
                "mark": {"type": "rule", "color": GREY, "strokeWidth": 0.7, **_SILENT},
                "encoding": {"x": across("x"), "y": up("y"), "y2": {"field": "at"}},
            },
            names("right", "left", 6),
            names("left", "right", -6),
        ],
    }
