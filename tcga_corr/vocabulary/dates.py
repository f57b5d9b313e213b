"""The dates that spreadsheets make of gene symbols, and the symbols that they may have been.

A spreadsheet reads ``SEPT2`` as the second of September, and shows it as its language and the
format of the cell have it. ``MARCH1`` and ``MARC1`` become one date.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta

_DAY = "(?:0?[1-9]|[12][0-9]|3[01])"
_YEAR = "(?:[12][0-9])?[0-9]{2}"
_TIME = "(?:[ T][0-9:.]+)?"
_DAY_AND_MONTH = re.compile(
    rf"({_DAY})\.?[-/ ]?(?:de )?([^\W\d_]+)\.?(?:[-/ ](?:de )?{_YEAR})?{_TIME}"
)
_MONTH_AND_DAY = re.compile(rf"([^\W\d_]+)\.?[-/ ]({_DAY})(?:,? {_YEAR}|[-/]{_YEAR})?{_TIME}")
_YEAR_FIRST = re.compile(rf"[12][0-9]{{3}}([-/.])([0-9]{{1,2}})\1([0-9]{{1,2}}){_TIME}")
_YEAR_LAST = re.compile(rf"([0-9]{{1,2}})([-/.])([0-9]{{1,2}})\2{_YEAR}{_TIME}")
_CHINESE = re.compile(rf"(?:{_YEAR}年)?([0-9]{{1,2}})月([0-9]{{1,2}})[日号]")
_SERIAL = re.compile(r"[345][0-9]{4}(?:\.0+)?")
_FIRST_SERIAL, _LAST_SERIAL = 34_700, 51_500  # 1995 to 2040
# days counted from these, by workbooks of Windows and of older Macs
_EPOCHS = (date(1899, 12, 30), date(1904, 1, 1))

# English, German, French, Spanish, Italian, Portuguese and Dutch, without accents
_MONTHS = (
    "jan january januar janvier enero ene gennaio gen janeiro januari janv",
    "feb february februar fevrier fevr fev febrero febbraio fevereiro februari",
    "mar march marz mrz maerz mars marzo marco maart mrt",
    "apr april avril avr abril abr aprile",
    "may mai mayo maggio mag maio mei",
    "jun june juni juin junio giugno giu junho",
    "jul july juli juillet juil julio luglio lug julho",
    "aug august aout aou agosto ago augustus",
    "sep sept september septembre septiembre settembre set setembro sett",
    "oct october oktober okt octobre octubre ottobre ott outubro out",
    "nov november novembre noviembre novembro",
    "dec december dezember dez decembre diciembre dic dicembre dezembro",
)
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}

# former symbols of HGNC that spreadsheets take for dates, by month and day
_SYMBOLS: dict[tuple[int, int], tuple[str, ...]] = {
    **{(3, day): (f"MARCHF{day}",) for day in range(3, 12)},
    **{(3, day): (f"MARCHF{day}", f"MTARC{day}") for day in (1, 2)},
    **{(9, day): (f"SEPTIN{day}",) for day in (*range(1, 13), 14)},
    (9, 15): ("SELENOF",),
    (12, 1): ("DELEC1", "BHLHE40"),
}


def genes_of_date(name: str) -> tuple[str, ...]:
    """The current symbols of the genes whose former symbols a spreadsheet shows as this date."""
    return tuple(dict.fromkeys(one for day in days_of(name) for one in genes_of(day)))


def genes_of(day: tuple[int, int]) -> tuple[str, ...]:
    """The current symbols of the genes whose former symbols are taken for a day, as (9, 2)."""
    return _SYMBOLS.get(day, ())


def days_of(name: str) -> tuple[tuple[int, int], ...]:
    """The days, as month and day, that a name may stand for; none where it is no date.

    ``9/4/2020`` may be the fourth of September or the ninth of April. A number of days since an
    epoch may be of two, as workbooks have two epochs.
    """
    if not any(map(str.isdigit, name)):
        return ()
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", name.strip())
        if not unicodedata.combining(letter)
    ).casefold()
    for pattern, day, month in ((_DAY_AND_MONTH, 1, 2), (_MONTH_AND_DAY, 2, 1)):
        if (match := pattern.fullmatch(plain)) and match[month] in _MONTH_OF:
            return ((_MONTH_OF[match[month]], int(match[day])),)
    if match := _YEAR_FIRST.fullmatch(plain.upper()):
        return _valid((int(match[2]), int(match[3])))
    if match := _YEAR_LAST.fullmatch(plain.upper()):
        first, second = int(match[1]), int(match[3])
        return _valid((first, second), (second, first))
    if match := _CHINESE.fullmatch(plain):
        return _valid((int(match[1]), int(match[2])))
    return ()


def _valid(*days: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    return tuple(dict.fromkeys(day for day in days if 1 <= day[0] <= 12 and 1 <= day[1] <= 31))


def days_of_serial(name: str) -> tuple[tuple[int, int], ...]:
    """The days that a number of days, such as 44806, may stand for; none for other numbers."""
    if not _SERIAL.fullmatch(name):
        return ()
    number = int(float(name))
    if not _FIRST_SERIAL <= number <= _LAST_SERIAL:
        return ()
    days = (epoch + timedelta(number) for epoch in _EPOCHS)
    return tuple(dict.fromkeys((day.month, day.day) for day in days))
