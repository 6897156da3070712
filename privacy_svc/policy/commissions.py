"""`processing_for` in organisation.yml: for whom the organisation works as a processor (Art. 30(2) GDPR)."""

from privacy_svc.policy.controller import Commission, Party, Transfer
from privacy_svc.policy.reading import Block, Faults
from privacy_svc.policy.recipients import COUNTRY, EEA, KEY, PARTY, read_party
from privacy_svc.policy.yamlfile import Node

_COMMISSION = (*PARTY, "representative", "dpo", "processing", "transfers", "contract")
_TRANSFER = ("name", "country", "safeguard")


def read_commission(key: str, node: Node, faults: Faults) -> Commission:
    block = Block(node, faults, _COMMISSION, f"controller {key}")
    if not KEY.fullmatch(key):
        faults.at(node.place, f"a controller is named in small letters, digits, - and _, not {key!r}")
    return Commission(
        party=read_party(key, block, ("name", "address", "email")),
        representative=read_optional(block, "representative"),
        dpo=read_optional(block, "dpo"),
        processing=tuple(text for text, _ in block.words("processing", required=True)),
        transfers=tuple(_transfer(each, faults) for each in block.items("transfers")),
        contract=block.text("contract"),
    )


def read_optional(block: Block, key: str) -> Party | None:
    """A party whom not everybody has."""
    return read_party(key, block.block(key, PARTY), ("name", "email")) if key in block else None


def _transfer(node: Node, faults: Faults) -> Transfer:
    """Art. 30(2)(c)."""
    block = Block(node, faults, _TRANSFER, "a transfer")
    country = block.text("country", required=True)
    if country and (not COUNTRY.fullmatch(country) or country in EEA):
        block.fault("country", f"'country' is two capital letters of one outside the EEA, not {country!r}")
    return Transfer(block.text("name", required=True), country, block.text("safeguard", required=True))
