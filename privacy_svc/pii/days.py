"""The expression that finds a day however people write it. Pure."""

from privacy_svc.pii.scripts import UMLAUT, folded

_MONTHS = tuple(
    folded(line)[0].replace(" ", "|").replace(UMLAUT, f"{UMLAUT}?")
    for line in """january jan januar jänner jaenner janvier janv enero gennaio januari
february feb februar février févr febrero febbraio februari
march mar märz maerz mrz mars marzo maart
april apr avril abril aprile
may mai mayo maggio mei
june jun juni juin junio giugno
july jul juli juillet julio luglio
august aug août agosto augustus
september sep sept septembre septiembre settembre
october oct oktober okt octobre octubre ottobre
november nov novembre noviembre
december dec dezember dez décembre déc diciembre dicembre""".splitlines()
)
_SIGN, _GAP = r"[\s./-]{1,3}", r"[\s.,-]{1,3}"


def written_day(iso: str) -> str:
    """Of `1980-03-12`: in figures, also the American way or with two of the year, and with the month's name in six
    languages."""
    year, month, day = iso[:4], int(iso[5:7]), int(iso[8:10])
    d, m = f"0?{day}", f"0?{month}"
    nth, name = rf"{d}(?:st|nd|rd|th|er|o|°)?", f"(?:{_MONTHS[month - 1]})"
    ways = (
        f"{d}{_SIGN}{m}{_SIGN}(?:{year}|{year[2:]})",
        f"{m}{_SIGN}{d}{_SIGN}{year}",
        f"{year}{_SIGN}{m}{_SIGN}{d}",
        f"{year}{month:02}{day:02}",
        f"{day:02}{month:02}{year}",
        f"{year}年{m}月{d}日?",
        rf"{nth}{_GAP}(?:(?:de|of)\s)?{name}{_GAP}(?:del?\s)?{year}",
        rf"{name}{_GAP}{nth}{_GAP}{year}",
    )
    return "|".join(ways)
