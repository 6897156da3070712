"""Policy files that fit are read whole; their version follows their bytes."""

import subprocess
import sys
from pathlib import Path

import pytest

from privacy_svc.errors import Misconfigured
from privacy_svc.policy import (
    Erase,
    EraseRows,
    Keep,
    LegalBasis,
    Mask,
    Normaliser,
    Reference,
    SpecialCondition,
    compile_policies,
    load_policies,
)
from tests.policy.small import FILES, compiled

EXAMPLE = Path(__file__).parents[2] / "policies"


def test_the_example_policies_load() -> None:
    """The shipped example fits, has every kind of purpose, and covers all of its shop's personal fields."""
    policies = load_policies(EXAMPLE)
    assert policies.organisation.id == "nordlicht"
    assert policies.organisation.languages == ("en", "de")
    assert {p.legal_basis for p in policies.purposes.values()} >= {
        LegalBasis.CONSENT,
        LegalBasis.CONTRACT,
        LegalBasis.LEGAL_OBLIGATION,
        LegalBasis.LEGITIMATE_INTERESTS,
    }
    assert policies.notice_versions["newsletter"] == 2
    granted = frozenset().union(*(m.purposes for m in policies.modules.values()))
    assert granted == policies.purposes.keys()
    for collection in policies.data_map.collections():
        assert all(f.categories for f in collection.fields), collection.path


def test_the_example_data_map_is_the_demo_shop() -> None:
    """Collections, owners, sealing and erasure of the example's database are as its comments say."""
    data_map = load_policies(EXAMPLE).data_map
    shop = data_map.by_key["shop"].by_name
    assert list(shop) == [
        "customers",
        "orders",
        "order_items",
        "products",
        "tickets",
        "call_notes",
        "newsletter_subscriptions",
        "employees",
    ]
    chain = data_map.owner(shop["order_items"])
    assert chain is not None
    assert [(f.name, c.name) for f, c in chain] == [("order_id", "orders"), ("customer_id", "customers")]
    notes = data_map.owner(shop["call_notes"])
    assert notes is not None
    assert [c.name for _, c in notes] == ["customers"]
    assert data_map.owner(shop["products"]) is None
    assert shop["customers"].by_name["phone"].identity == "phone"
    assert shop["newsletter_subscriptions"].erase_rows is EraseRows.DELETE
    assert shop["orders"].by_name["placed_at"].erase is Erase.KEEP


@pytest.mark.parametrize("path", ["datasets/extra.YML", "Purposes.Yaml", "notices/news/3.en.MD"])
def test_a_file_with_another_ending_is_not_passed_over(tmp_path: Path, path: str) -> None:
    """A file that nobody reads is a policy somebody believes in."""
    for name, content in {**FILES, path: "dataset: []\n"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    with pytest.raises(Misconfigured) as refused:
        load_policies(tmp_path)
    assert path in str(refused.value.faults[0])


def test_everything_in_the_files_arrives() -> None:
    """A purpose, a notice and fields of the data map carry what their files say."""
    policies = compiled()
    news = policies.purposes["news"]
    assert news.title == {"en": "News", "de": "Neues"}
    assert news.consent is not None
    assert (news.consent.notice, news.consent.valid_for, news.consent.covered_since) == ("news", "P24M", 2)
    phone = "user.contact.phone_number"
    assert policies.purposes["service"].masks_of(phone) == {phone: Mask.LAST4}
    assert policies.purposes["care"].special_condition is SpecialCondition.EXPLICIT_CONSENT
    assert policies.modules["mail"].purposes == {"news"}
    notice = policies.notices["news", 2, "de"]
    assert notice.text == "We write to you.\n"
    assert notice.digest.startswith("sha256:")
    people = policies.data_map.by_key["crm"].by_name["people"].by_name
    assert people["email"].index == ("email",)
    assert people["name"].erase is Erase.SHRED, "a sealed field's erasure is the key's, unless said otherwise"
    assert people["street"].replace == "gone"
    orders = policies.data_map.by_key["crm"].by_name["orders"].by_name
    assert orders["person_id"].reference == Reference("crm", "people", "id")
    assert orders["placed"].keep == Keep("A17LegallyRequired", "the tax code", "P10Y")
    assert not people["id"].erasable
    assert people["born"].erasable


def test_version_follows_the_bytes(tmp_path: Path) -> None:
    """The same files give the same version wherever they lie; one byte, or one moved byte, gives another."""
    assert compiled().version == compiled().version
    assert compiled().version != compiled(**{"modules.yml": FILES["modules.yml"] + "\n"}).version
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    (tmp_path / "README.md").write_text("not policy")
    (tmp_path / ".hidden.yml").write_text("not policy")
    assert load_policies(tmp_path).version == compiled().version


def test_a_fides_reference_in_the_other_direction_is_the_same_key() -> None:
    """`to` at the referred field says what `from` says at the referring one."""
    text = FILES["datasets/crm.yml"]
    text = text.replace("references: [{dataset: crm, field: people.id, direction: from}]", "data_type: integer")
    text = text.replace(
        "fides_meta: {primary_key: true, data_type: integer}",
        "fides_meta: {primary_key: true, references: [{dataset: crm, field: orders.person_id, direction: to}]}",
    )
    data_map = compiled(**{"datasets/crm.yml": text}).data_map
    assert data_map.by_key["crm"].by_name["orders"].by_name["person_id"].reference == Reference("crm", "people", "id")


def test_a_manifest_from_fides_loads_as_it_is() -> None:
    """Older spelling, `True`, a key walked outwards: the foreign key is where it is in the database."""
    manifest = """\
dataset:
  - fides_key: legacy
    name: From Fides
    meta: {team: data}
    collections:
      - name: address
        fides_meta: {after: [legacy.client]}
        fields:
          - name: id
            data_categories: [system.operations]
            fidesops_meta: {primary_key: True}
          - name: city
            data_categories: [user.contact.address.city]
      - name: client
        fields:
          - name: id
            data_categories: [user.unique_id]
            fidesops_meta: {primary_key: True}
          - name: address_id
            data_categories: [system.operations]
            fidesops_meta:
              references: [{dataset: legacy, field: address.id, direction: to}]
"""
    client = compiled(**{"datasets/legacy.yml": manifest}).data_map.by_key["legacy"].by_name["client"]
    assert client.key == ("id",)
    assert client.by_name["address_id"].reference == Reference("legacy", "address", "id", outward=True)


def test_categories_are_inherited() -> None:
    """A field without categories has its collection's, as in Fides."""
    text = FILES["datasets/crm.yml"].replace(
        "      - name: goods\n", "      - name: goods\n        data_categories: [user.content]\n"
    )
    text += "          - name: opinion\n"
    goods = compiled(**{"datasets/crm.yml": text}).data_map.by_key["crm"].by_name["goods"].by_name
    assert goods["opinion"].categories == ("user.content",)
    assert goods["price"].categories == ("system.operations",)


def test_words_that_yaml_would_change_stay_words() -> None:
    """Norway is not false, and `erase: null` is the word null."""
    organisation = FILES["organisation.yml"].replace("country: FR", "country: NO")
    dataset = FILES["datasets/crm.yml"].replace("{erase: replace, replace: gone}", "{erase: null}")
    policies = compiled(**{"organisation.yml": organisation, "datasets/crm.yml": dataset})
    assert policies.organisation.recipients["mailer"].country == "NO"
    assert policies.data_map.by_key["crm"].by_name["people"].by_name["street"].erase is Erase.NULL


def test_all_faults_are_told_at_once() -> None:
    """Faults in several files come together, in order of file and line."""
    changed = {
        "organisation.yml": FILES["organisation.yml"].replace("deadlines: EU", "deadlines: US"),
        "purposes.yml": FILES["purposes.yml"].replace("user.name, user.contact.email", "user.nam, user.contact.mail"),
        "modules.yml": FILES["modules.yml"].replace("[news]", "[newz]"),
    }
    with pytest.raises(Misconfigured) as caught:
        compiled(**changed)
    pointers = [f.pointer for f in caught.value.faults]
    assert pointers == [
        "policies/modules.yml:3",
        "policies/organisation.yml:7",
        "policies/purposes.yml:15",
        "policies/purposes.yml:15",
    ]
    assert "did you mean 'user.contact.email'?" in str(caught.value)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    """No folder is a wrong configuration, not a traceback."""
    with pytest.raises(Misconfigured, match="no policies folder"):
        load_policies(tmp_path / "nowhere")


def test_an_empty_set_of_files_names_what_is_missing() -> None:
    """Each file that must be there is named."""
    with pytest.raises(Misconfigured) as caught:
        compile_policies({})
    assert {f.pointer for f in caught.value.faults} == {
        "policies/organisation.yml",
        "policies/purposes.yml",
        "policies/modules.yml",
    }


def test_importing_the_room_does_not_import_fideslang() -> None:
    """Half a second of pydantic models is paid when policies are read, not by every command."""
    code = "import sys, privacy_svc.policy; sys.exit('fideslang' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_normalisers_are_the_ones_the_vault_has() -> None:
    """The data map may name exactly what the vault can compute."""
    from privacy_svc.vault import NORMALISERS

    assert {n.value for n in Normaliser} == set(NORMALISERS)
