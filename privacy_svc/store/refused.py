"""Why a database refused a write, without the values that its own words quote."""

from sqlalchemy.exc import DBAPIError

_STATES = {
    "23505": "another row has this value already, and no two may (unique)",
    "23502": "the column must not be empty (NOT NULL)",
    "23514": "a rule of the database (CHECK) does not allow it",
    "23503": "other rows refer to it, or it refers to none (foreign key)",
    "22001": "it is too long for the column",
    "22003": "the number is too large for the column",
}
_BEGINNINGS = {
    "unique constraint": _STATES["23505"],
    "not null constraint": _STATES["23502"],
    "check constraint": _STATES["23514"],
    "foreign key constraint": _STATES["23503"],
}
"""SQLite's words."""
_NUMBERS = {1062: "23505", 1048: "23502", 3819: "23514", 4025: "23514", 1451: "23503", 1452: "23503", 1406: "22001"}
"""MariaDB's and MySQL's."""
_OTHERWISE = "a rule of the database (unique, check, foreign key, type) does not allow it"


def why_refused(error: DBAPIError) -> str:
    state = getattr(error.orig, "sqlstate", None)
    if isinstance(state, str):
        return _STATES.get(state, _OTHERWISE)
    arguments = getattr(error.orig, "args", ()) or ("",)
    if isinstance(arguments[0], int):
        return _STATES.get(_NUMBERS.get(arguments[0], ""), _OTHERWISE)
    said = str(arguments[0]).lower()
    return next((why for words, why in _BEGINNINGS.items() if said.startswith(words)), _OTHERWISE)
