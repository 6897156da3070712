"""The life of a request, and the grounds of refusals."""

import csv

import pytest

from privacy_svc.errors import Conflict
from privacy_svc.rights.grounds import Ground
from privacy_svc.rights.states import FOLLOWS, OPEN, Right, State, follow
from privacy_svc.rights.words import TEXTS
from tests.conftest import shared


def test_every_state_has_its_followers() -> None:
    """The table is complete, and what is ended stays ended."""
    assert set(FOLLOWS) == set(State)
    assert set(State) - OPEN == {State.COMPLETED, State.REFUSED, State.CANCELLED}


@pytest.mark.parametrize("present", State)
@pytest.mark.parametrize("wanted", State)
def test_only_listed_steps(present: State, wanted: State) -> None:
    """A step that is not in the table is a conflict."""
    if wanted in FOLLOWS[present]:
        assert follow(present, wanted, "x") is wanted
    else:
        with pytest.raises(Conflict, match=present.value):
            follow(present, wanted, "x")


def test_nothing_runs_unverified() -> None:
    """Every way to `completed` leads through `in_progress`, which only approval, verification or a retry reach."""
    assert {s for s in State if State.COMPLETED in FOLLOWS[s]} == {State.IN_PROGRESS}


def test_grounds_are_terms_of_the_vocabulary() -> None:
    """Each ground is a term of DPV's list of justifications and has a sentence in each language."""
    with shared("data", "standards", "dpv-eu-gdpr", "rights_justifications.csv").open(encoding="utf-8") as lines:
        known = {row["iri"] for row in csv.DictReader(lines)}
    assert {g.iri for g in Ground} <= known
    assert all(texts[g].endswith(").") for texts in TEXTS.values() for g in Ground)


def test_exemptions_of_erasure_refuse_only_erasure() -> None:
    """Art. 17(3) says nothing against access."""
    assert Ground.LEGAL_CLAIMS.fits(Right.ERASURE)
    assert not Ground.LEGAL_CLAIMS.fits(Right.ACCESS)
    assert all(r.article.startswith("GDPR ") for r in Right)
