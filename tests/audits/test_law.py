"""Each law that a check names is there, in the text of the Regulation itself."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from privacy_svc.audits import BUILTINS, load_programmes
from tests.audits.conftest import REPOSITORY
from tests.conftest import shared

GDPR = re.compile(r"GDPR (\d+)(?:\((\d+)\))?(?:\(([a-z])\))?")
OTHER = re.compile(r"EDPB Guidelines \d\d/\d{4}|CJEU C-\d+/\d\d|RFC \d+")


@pytest.fixture(scope="module")
def articles() -> dict[str, Any]:
    chapters = json.loads(shared("data", "standards", "gdpr", "gdprtext.json").read_text())["chapters"]
    return {article["number"]: article for chapter in chapters for article in _articles(chapter)}


def _articles(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if node.get("type") == "article":
        yield node
    for below in node.get("contents", ()):
        yield from _articles(below)


def test_every_article_paragraph_and_point_exists(articles: dict[str, Any]) -> None:
    """A reference resolves down to its letter; what is no article of the GDPR is a source of a known kind."""
    programmes = load_programmes(REPOSITORY / "audits", BUILTINS)
    named = {law for p in programmes.values() for check in p.checks for law in check.law}
    assert [law for law in sorted(named) if not (_resolves(law, articles) or OTHER.fullmatch(law))] == []
    assert len(named) > 20


def _resolves(law: str, articles: dict[str, Any]) -> bool:
    match = GDPR.fullmatch(law)
    if match is None or match[1] not in articles:
        return False
    points = articles[match[1]]["contents"]
    if match[2] is not None:
        points = [p for p in points if p.get("number") == match[2]]
    if match[3] is not None:
        points = [s for p in points for s in p.get("subpoints", ()) if s.get("number") == match[3]]
    return bool(points)
