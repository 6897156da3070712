"""How a run did, area by area, and against the run before it. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

WEIGHTS: Mapping[str, int] = {"critical": 8, "high": 4, "medium": 2, "low": 1}
Result = Mapping[str, Any]
"""One of a report's `results`."""


def scores(results: Sequence[Result]) -> dict[str, int]:
    """Of 100 by area: the share of what passed, each check by its severity. What could not be found out, or was
    accepted, did not; what cannot be asked yet does not count, and an area of nothing else has no score."""
    results = [r for r in results if r["status"] != "not_applicable"]
    areas = dict.fromkeys(r["area"] for r in results)
    return {area: _score([r for r in results if r["area"] == area]) for area in areas}


def _score(results: Sequence[Result]) -> int:
    whole = sum(WEIGHTS[r["severity"]] for r in results)
    passed = sum(WEIGHTS[r["severity"]] for r in results if r["status"] == "pass")
    return 100 * passed // whole


def compared(results: Sequence[Result], before: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Each area's score with the one of the report before. None where that had no such area, or asked it other
    questions: a score that rose because a check was taken out, or asks less, is no progress."""
    then = before["results"] if before else []
    earlier = scores([r for r in then if "area" in r])
    return [
        {"area": a, "score": s, "before": earlier.get(a) if _asked(results, a) == _asked(then, a) else None}
        for a, s in scores(results).items()
    ]


def _asked(results: Sequence[Result], area: str) -> set[tuple[str, str]]:
    return {(r["check"], r["how"]) for r in results if r.get("area") == area}


def altered(results: Sequence[Result], before: Mapping[str, Any] | None) -> dict[str, list[str]]:
    """Checks of the report before that are `gone` from this one, and those whose file is another."""
    then = {r["check"]: r["how"] for r in (before["results"] if before else [])}
    now = {r["check"]: r["how"] for r in results}
    return {
        "gone": sorted(then.keys() - now.keys()),
        "changed": sorted(c for c in then.keys() & now.keys() if then[c] != now[c]),
    }


def since_before(result: Result, before: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What this check said in the report before."""
    found = next((r for r in (before or {}).get("results", ()) if r["check"] == result["check"]), None)
    return found and {"status": found["status"], "count": found["count"]}
