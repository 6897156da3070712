"""How recipients are told, and who sends OpenDSR requests: what organisation.yml may say, with its place where not."""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from privacy_svc.errors import Misconfigured
from privacy_svc.policy import TellBy
from tests.certificates import Authority
from tests.rights.company import DATASET, ORGANISATION, policies

LINE = 11
"""Of the recipient in organisation.yml."""


def with_tell(tell: str, email: str = "email: a@letterbox.example, ") -> str:
    return ORGANISATION.replace(
        "letterbox: {name: Letterbox Ltd,", f"letterbox: {{name: Letterbox Ltd, {email}tell: {tell},"
    )


def refused(**files: str) -> str:
    with pytest.raises(Misconfigured) as error:
        policies(**files)
    return str(error.value)


def test_the_ways() -> None:
    """Mail, webhook, OpenDSR; nothing said means that a person tells."""
    for tell, by in (
        ("{by: email}", TellBy.EMAIL),
        ("{by: webhook, url: 'https://letterbox.example/changes?x=1'}", TellBy.WEBHOOK),
        ("{by: opendsr, url: 'https://dsr.letterbox.example/v2/', identity: email, format: sha256}", TellBy.OPENDSR),
    ):
        found = policies(**{"organisation.yml": with_tell(tell)}).organisation.recipients["letterbox"].tell
        assert found is not None
        assert found.by is by
    assert found.url == "https://dsr.letterbox.example/v2"
    assert policies().organisation.recipients["letterbox"].tell is None


@pytest.mark.parametrize(
    ("tell", "said"),
    [
        ("{by: fax}", "unknown by 'fax'"),
        ("{by: web-hook, url: 'https://a.example'}", "did you mean 'webhook'"),
        ("{url: 'https://a.example'}", "lacks 'by'"),
        ("{by: webhook}", "lacks 'url'"),
        ("{by: webhook, url: 'http://a.example'}", "must begin with https://"),
        ("{by: webhook, url: 'https://user:word@a.example'}", "credentials in it"),
        ("{by: webhook, url: 'https://a.example', identity: email}", "has no 'identity'"),
        ("{by: email, url: 'https://a.example'}", "has no 'url'"),
        ("{by: opendsr, url: 'https://a.example/v2?x=1'}", "is a prefix"),
        ("{by: opendsr, url: 'https://a.example/v2', identity: name}", "unknown identity 'name'"),
        ("{by: opendsr, url: 'https://a.example/v2', format: md5}", "unknown format 'md5'"),
        ("{by: email, adress: x}", "unknown key 'adress'"),
        ("email", "must be a map"),
    ],
)
def test_ways_that_lead_nowhere(tell: str, said: str) -> None:
    """Refused with file, line and the way out."""
    text = refused(**{"organisation.yml": with_tell(tell)})
    assert said in text
    assert f"policies/organisation.yml:{LINE}" in text


@pytest.mark.parametrize("tell", ["{by: email}", "{by: opendsr, url: 'https://a.example/v2'}"])
def test_mail_needs_an_address(tell: str) -> None:
    """OpenDSR too: it has no word for rectification and restriction."""
    assert "needs the recipient's 'email'" in refused(**{"organisation.yml": with_tell(tell, email="")})


def test_whose_key_a_column_holds() -> None:
    """`identifier_of` names a recipient there is."""
    column = "[user.contact.address.city]\n            privacy: {erase: null"
    good = DATASET.replace(column, column + ", identifier_of: letterbox")
    wrong = DATASET.replace(column, column + ", identifier_of: letter_box")
    collection = policies(**{"datasets/crm.yml": good}).data_map.collection("crm", "customers")
    assert collection is not None
    assert collection.by_name["city"].identifier_of == "letterbox"
    assert "unknown recipient 'letter_box', did you mean 'letterbox'" in refused(**{"datasets/crm.yml": wrong})


def sender(pem: str, more: str = "", domain: str = "dsr.parent.example") -> str:
    lines = "".join(f"      {line}\n" for line in pem.splitlines())
    head = f"opendsr_senders:\n  parent:\n    name: Parent\n    domain: {domain}\n"
    return ORGANISATION + head + more + "    certificate: |\n" + lines


def test_senders() -> None:
    """An organisation with a certificate that an authority issued; it verifies nobody for us unless it says so."""
    authority = Authority()
    pem = authority.issue("dsr.parent.example").pem
    found = policies(**{"organisation.yml": sender(pem)}).organisation.senders["parent"]
    assert (found.domain, found.verifies_identity) == ("dsr.parent.example", False)
    trusted = policies(**{"organisation.yml": sender(pem, "    verifies_identity: true\n")})
    assert trusted.organisation.senders["parent"].verifies_identity
    own = authority.certificate.public_bytes(Encoding.PEM).decode()
    for text, said in (
        (sender(own), "self-signed"),
        (sender("AAAA"), "must be a certificate in PEM"),
        (sender(pem, domain="https://dsr"), "must be a host name"),
        (sender(pem, "    verifies: true\n"), "did you mean 'verifies_identity'"),
    ):
        assert said in refused(**{"organisation.yml": text})
