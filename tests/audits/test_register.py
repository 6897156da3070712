"""Who else stands in the register: joint controllers, a representative, controllers that are worked for."""

import csv
import io

import pytest

from privacy_svc.audits import Format, register, register_as
from privacy_svc.errors import Misconfigured
from privacy_svc.policy import PolicyHolder
from tests.audits.conftest import Office

OTHERS = """
representative: {name: Nordlicht Ireland Ltd, address: "1 Quay, Dublin", email: eu@nordlicht.example, country: IE}
processing_for:
  harbour_club:
    name: Hafenclub e.V.
    address: Hafenstraße 1, 24103 Kiel
    email: vorstand@hafenclub.example
    processing: [sending its newsletter, keeping its members' list]
    transfers:
      - {name: Brightlane Ads Inc., country: US, safeguard: EU-US Data Privacy Framework}
    dpo: {name: Ida Larsen, email: ida@hafenclub.example}
"""


def added(office: Office, text: str) -> None:
    file = office.settings.policies / "organisation.yml"
    file.write_text(file.read_text() + text)


def test_the_part_of_a_processor(office: Office) -> None:
    """Art. 30(2): for whom, what is done, transfers, in all three forms; a contract that is not named is missing."""
    added(office, OTHERS)
    found = register(PolicyHolder(office.settings.policies).current, ())
    [work] = found["as_processor"]
    assert work["controller"]["name"] == "Hafenclub e.V."
    assert work["processing"] == ["sending its newsletter", "keeping its members' list"]
    assert [t["country"] for t in work["transfers"]] == ["US"]
    assert ("harbour_club", "contract") in [(m["activity"], m["field"]) for m in found["missing"]]
    assert found["representative"]["country"] == "IE"
    page = register_as(Format.HTML, found)
    for shown in ("Hafenclub e.V.", "Nordlicht Ireland Ltd", "Ida Larsen", "As processor"):
        assert shown in page
    rows = list(csv.DictReader(io.StringIO(register_as(Format.CSV, found))))
    assert [(r["id"], r["for"]) for r in rows][-1] == ("harbour_club", "Hafenclub e.V.")


def test_joint_controllers_stand_with_their_purposes_and_arrangement(office: Office) -> None:
    """Art. 26; without the arrangement that is said to be missing."""
    [joint] = register(PolicyHolder(office.settings.policies).current, ())["joint_controllers"]
    assert (joint["name"], joint["arrangement"]) == ("Brightlane Ads Inc.", "JCA-2024-11")
    assert "marketing.ads" in joint["purposes"]
    office.edit("organisation.yml", "    arrangement: JCA-2024-11   # Art. 26(1)\n", "")
    missing = register(PolicyHolder(office.settings.policies).current, ("x",))["missing"]
    assert ("ad_network", "arrangement") in [(m["activity"], m["field"]) for m in missing]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("processing_for:\n  x: {name: X, address: A, email: x@x.example}\n", "lacks 'processing'"),
        ("processing_for:\n  X: {name: X, address: A, email: x@x.example, processing: [p]}\n", "small letters"),
        (
            "processing_for:\n  x: {name: X, address: A, email: x@x.eu, processing: [p], transfers: [{country: DE}]}\n",
            "outside the EEA",
        ),
        ("representative: {name: R}\n", "lacks 'email'"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(office: Office, wrong: str, told: str) -> None:
    """File and line, as of every policy file."""
    added(office, wrong)
    with pytest.raises(Misconfigured, match=rf"organisation.yml:\d+.*{told}"):
        PolicyHolder(office.settings.policies)


def test_an_arrangement_is_a_joint_controllers(office: Office) -> None:
    """A slip in the role or the key is told."""
    office.edit("organisation.yml", "    contract: AVV-2025-04", "    arrangement: AVV-2025-04")
    with pytest.raises(Misconfigured, match="arrangement"):
        PolicyHolder(office.settings.policies)
