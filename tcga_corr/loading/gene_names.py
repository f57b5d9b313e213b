"""The genes of a table under their current symbols, where other programs have changed the names.

A row that a symbol or an alias explains keeps its name; one that has been changed on the way, as
``HLA.A`` by R, gets the symbol. Ambiguous names stay as they are, and notes count what was done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace

import numpy as np

from tcga_corr.expression import ExpressionTable
from tcga_corr.vocabulary.dates import days_of, days_of_serial, genes_of, genes_of_date
from tcga_corr.vocabulary.gene_names import are_of_mouse, cleaned, foreign_kind, genes_named
from tcga_corr.vocabulary.symbols import symbol_table

_N_SHOWN = 3
_N_LOOKED_AT = 2000
_FEWEST_TO_JUDGE = 20
_FEW_KNOWN = 0.05
_LEAST_KNOWN = 0.9  # of the rows that are named by numbers


def with_current_names(table: ExpressionTable) -> tuple[ExpressionTable, list[str]]:
    """The table with symbols for names that have been changed or are Entrez ids, and notes."""
    genes, ids = table.genes.tolist(), table.gene_ids.tolist()
    symbols = _symbols_of_entrez(genes, ids)
    if symbols is not None:
        found = sum(map(bool, symbols))
        note = f"symbols of NCBI Gene by Entrez id, of {found} of {len(symbols)} rows"
        return replace(table, genes=np.array(symbols, dtype=np.str_)), [note]
    known = symbol_table()
    unknown = [name for name in dict.fromkeys(genes) if name and not known.candidates(name)]
    dates = _dates(unknown)
    new = _renamed([name for name in unknown if name not in dates])
    serials = {name: days for name in _lone_numbers(genes, ids) if (days := days_of_serial(name))}
    of_serials = [symbol for days in serials.values() for day in days for symbol in genes_of(day)]
    restored = _restored(dates, {*genes, *new.values()}, Counter(genes), of_serials)
    notes = [
        _note_of_renamed(new),
        _note_of_dates([*dates, *serials], restored),
        _note_of_unknown(genes),
    ]
    if new or restored:
        both = new | restored
        symbols = [both.get(name, name) for name in genes]
        table = replace(table, genes=np.array(symbols, dtype=np.str_))
    return table, [note for note in notes if note]


def _symbols_of_entrez(genes: Sequence[str], ids: Sequence[str]) -> list[str] | None:
    """The symbols of rows that are named by Entrez ids; None where most have a symbol.

    Numbers of rows are no ids: these are beyond twice the number of rows, and nearly all known.
    """
    pairs = zip(genes, ids, strict=True)
    numbers = [gene_id for gene, gene_id in pairs if not gene and gene_id.isdigit()]
    if 2 * len(numbers) <= len(genes) or max(map(int, numbers)) <= 2 * len(genes):
        return None
    known = symbol_table()
    found = [known.gene_of_id(gene_id) if gene_id.isdigit() else None for gene_id in ids]
    if sum(entry is not None for entry in found) < _LEAST_KNOWN * len(numbers):
        return None
    return [
        gene or (entry.symbol if entry else "") for gene, entry in zip(genes, found, strict=True)
    ]


def _lone_numbers(genes: Sequence[str], ids: Sequence[str]) -> list[str]:
    """The names that are nothing but a number, in a table by symbols."""
    return [gene_id for gene, gene_id in zip(genes, ids, strict=True) if not gene and gene_id]


def _dates(names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The names that are dates, with the symbols that each may have been."""
    return {name: genes_of_date(name) for name in names if days_of(name)}


def _renamed(names: Sequence[str]) -> dict[str, str]:
    """The symbols of names that have been changed in a way that leaves one gene."""
    found = {name: genes_named(cleaned(name)) for name in names}
    return {name: genes[0].symbol for name, genes in found.items() if len(genes) == 1}


def _restored(
    dates: Mapping[str, tuple[str, ...]],
    others: Set[str],
    n_rows: Mapping[str, int],
    claimed: Iterable[str],
) -> dict[str, str]:
    """The symbols of dates that one gene alone can be, where no other row can be that gene.

    Parameters
    ----------
    dates
        The symbols that each may have been.
    others
        The names of all rows.
    n_rows
        How many rows have a name.
    claimed
        Symbols that other rows may have been.
    """
    if not dates:
        return {}
    claims = Counter(claimed)
    for name, symbols in dates.items():
        claims.update(dict.fromkeys(symbols, n_rows[name]))
    known = symbol_table()

    def is_taken(symbol: str) -> bool:
        return any(name in others for name in known.own_names(known.resolve(symbol)))

    return {
        name: symbols[0]
        for name, symbols in dates.items()
        if len(symbols) == 1 and claims[symbols[0]] == 1 and not is_taken(symbols[0])
    }


def _note_of_renamed(new: Mapping[str, str]) -> str:
    if not new:
        return ""
    shown = _shown([f"{name} as {symbol}" for name, symbol in new.items()])
    return f"{_count(new, 'name')} of genes read as symbols ({shown})"


def _note_of_dates(dates: Sequence[str], restored: Mapping[str, str]) -> str:
    if not dates:
        return ""
    text = (
        f"{_count(dates, 'name')} of genes {'is a date' if len(dates) == 1 else 'are dates'}, as "
        f"spreadsheets make of symbols ({_shown(dates)})"
    )
    if restored:
        shown = _shown([f"{name} as {symbol}" for name, symbol in restored.items()])
        text += f", {len(restored)} restored ({shown})"
    left = [name for name in dates if name not in restored]
    if left and restored:
        text += f", {len(left)} not, as several symbols or none may be meant"
    elif left:
        text += ", none restored, as several symbols or none may be meant"
    return text


def _note_of_unknown(genes: Sequence[str]) -> str:
    """That questions and gene sets will not find the genes, by what their names look like."""
    looked_at = [name for name in genes if name][:_N_LOOKED_AT]
    if are_of_mouse(looked_at):
        return (
            f"genes are named as those of mouse ({_shown(looked_at)}), which questions and gene "
            "sets of human genes do not find: rename them to their human orthologs"
        )
    n_known = sum(bool(genes_named(name)) for name in looked_at)
    if len(looked_at) < _FEWEST_TO_JUDGE or n_known > _FEW_KNOWN * len(looked_at):
        return ""
    kind = foreign_kind(looked_at[:_N_SHOWN])
    return (
        f"{n_known or 'none'} of {len(looked_at)} names looked at "
        f"{'is' if n_known < 2 else 'are'} a human gene's ({_shown(looked_at)}"
        f"{f': {kind}' if kind else ''}), so gene sets do not find them"
    )


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names[:_N_SHOWN]) + (", …" if len(names) > _N_SHOWN else "")


def _count(things: Sequence[str] | Mapping[str, str], word: str) -> str:
    return f"{len(things)} {word}{'s' if len(things) != 1 else ''}"
