"""Other parties in organisation.yml: who receives data and is told of changes, who sends OpenDSR requests."""

import re
from dataclasses import replace

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from privacy_svc.outbound import url_fault
from privacy_svc.policy.controller import Party, Sender, Tell, TellBy
from privacy_svc.policy.reading import Block, Faults
from privacy_svc.policy.yamlfile import Node

PARTY = ("name", "address", "email", "country")
COUNTRY = re.compile(r"[A-Z]{2}")
_RECIPIENT = (*PARTY, "role", "safeguard", "contract", "arrangement", "tell")
_ROLES = ("processor", "controller", "joint_controller", "authority")
EEA = frozenset("AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO".split())  # noqa: SIM905 - reads as the list it is
KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_TELL = {TellBy.EMAIL: ("by",), TellBy.WEBHOOK: ("by", "url"), TellBy.OPENDSR: ("by", "url", "identity", "format")}
_SENDER = ("name", "domain", "certificate", "verifies_identity")
_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_RSA_BITS = 2048


def read_party(key: str, block: Block, required: tuple[str, ...]) -> Party:
    texts = {k: block.text(k, required=k in required) for k in PARTY}
    if texts["email"] and "@" not in texts["email"]:
        block.fault("email", "'email' must be an e-mail address")
    if texts["country"] and not COUNTRY.fullmatch(texts["country"]):
        block.fault("country", f"'country' must be two capital letters, not {texts['country']!r}")
    return Party(key, texts["name"], texts["address"], texts["email"], texts["country"])


def read_recipient(key: str, node: Node, faults: Faults) -> Party:
    block = Block(node, faults, _RECIPIENT, f"recipient {key}")
    if not KEY.fullmatch(key):
        faults.at(node.place, f"a recipient is named in small letters, digits, - and _, not {key!r}")
    party = read_party(key, block, ("name", "country"))
    role, safeguard = block.word("role", _ROLES, required=True), block.text("safeguard")
    if COUNTRY.fullmatch(party.country) and party.country not in EEA and not safeguard:
        block.fault("country", f"{party.country} is outside the EEA: name the transfer's 'safeguard' (Art. 44 to 49)")
    contract = block.text("contract")
    if contract and role != "processor":
        block.fault("contract", "'contract' is that of a processor (Art. 28(3)): this recipient has another role")
    arrangement = block.text("arrangement")
    if arrangement and role != "joint_controller":
        block.fault("arrangement", "'arrangement' is that of a joint controller (Art. 26): this recipient is none")
    told = _tell(block, party)
    return replace(party, role=role, safeguard=safeguard, contract=contract, arrangement=arrangement, tell=told)


def _tell(recipient: Block, party: Party) -> Tell | None:
    if "tell" not in recipient:
        return None
    block = recipient.block("tell", _TELL[TellBy.OPENDSR])
    by = block.choice("by", TellBy, required=True)
    if by is None:
        return None
    for key in set(block.node.entries) - set(_TELL[by]):
        block.fault(key, f"who is told by {by} has no {key!r}")
    if by is not TellBy.WEBHOOK and not party.email:
        why = "OpenDSR knows no rectification and no restriction, they are told by mail" if by is TellBy.OPENDSR else ""
        recipient.fault("tell", "'tell' needs the recipient's 'email'" + (f": {why}" if why else ""))
    return Tell(by, _url(block, by), *_identity(block))


def _url(block: Block, by: TellBy) -> str:
    if by is TellBy.EMAIL:
        return ""
    url = block.text("url", required=True)
    if url and (fault := url_fault(url, prefix=by is TellBy.OPENDSR)):
        block.fault("url", f"'url' {fault}")
    return url.rstrip("/") if by is TellBy.OPENDSR else url


def _identity(block: Block) -> tuple[str, str]:
    """How they know our people: by the CRM's key or by an e-mail address."""
    identity = block.word("identity", ("controller_customer_id", "email")) or "controller_customer_id"
    return identity, block.word("format", ("raw", "sha256")) or "raw"


def read_sender(key: str, node: Node, faults: Faults) -> Sender:
    block = Block(node, faults, _SENDER, f"sender {key}")
    if not KEY.fullmatch(key):
        faults.at(node.place, f"a sender is named in small letters, digits, - and _, not {key!r}")
    domain, certificate = block.text("domain", required=True), block.text("certificate", required=True)
    if domain and not _DOMAIN.fullmatch(domain):
        block.fault(
            "domain", f"'domain' must be a host name in small letters such as opendsr.example.com, not {domain!r}"
        )
    if certificate and (fault := _certificate_fault(certificate)):
        block.fault("certificate", f"'certificate' {fault}")
    name = block.text("name", required=True)
    return Sender(key, name, domain, certificate, block.boolean("verifies_identity"))


def _certificate_fault(pem: str) -> str | None:
    """OpenDSR 2.0 §4.1: no self-signed one. Whether it has expired is asked when it is used."""
    try:
        found = x509.load_pem_x509_certificate(pem.encode())
        key = found.public_key()
    except ValueError:
        return "must be a certificate in PEM: -----BEGIN CERTIFICATE-----"
    if found.issuer == found.subject:
        return "is self-signed: OpenDSR wants one that an authority has issued"
    if not isinstance(key, RSAPublicKey) or key.key_size < _RSA_BITS:
        return f"must hold an RSA key of at least {_RSA_BITS} bits"
    return None
