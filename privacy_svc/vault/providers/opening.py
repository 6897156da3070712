"""Which key provider the setting `key_provider` names. The setting names places of secrets, never a secret, and no
refusal repeats it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from privacy_svc.errors import Fault, KeyUnavailable, Misconfigured
from privacy_svc.outbound import url_fault
from privacy_svc.vault.providers.file import FileKeyProvider
from privacy_svc.vault.providers.protocol import KeyProvider
from privacy_svc.vault.providers.secret import Secret

EXAMPLES = {
    "file": "file",
    "pkcs11": "pkcs11:token=privacy?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/secrets/pin",
    "aws-kms": "aws-kms://eu-central-1/privacy-svc?window=7",
    "transit+https": "transit+https://vault.example:8200/transit/privacy-svc?token-file=/run/secrets/token",
}
PREFIX = "privacy-svc"


class HasKeyProvider(Protocol):
    @property
    def key_provider(self) -> str: ...


@dataclass(frozen=True, slots=True)
class _Refusal:
    """What is wrong with the setting, with an example of how it is right."""

    kind: str

    def __call__(self, why: str) -> Misconfigured:
        return Misconfigured(
            "The setting key_provider does not fit",
            faults=[Fault("key_provider", f"{why}. Example: {EXAMPLES.get(self.kind, EXAMPLES['file'])}")],
        )


def open_provider(settings: HasKeyProvider, folder: Path) -> KeyProvider:
    """The keys there are; `folder` is the file provider's. Raises Misconfigured, KeyUnavailable for no keys."""
    return _chosen(settings.key_provider, folder, new=False)


def create_provider(settings: HasKeyProvider, folder: Path) -> KeyProvider:
    """A first epoch. Raises Misconfigured, also where there are keys already."""
    return _chosen(settings.key_provider, folder, new=True)


def _chosen(text: str, folder: Path, *, new: bool) -> KeyProvider:
    kind = text.partition(":")[0]
    if text == "file":
        return FileKeyProvider.create(folder) if new else FileKeyProvider.open(folder)
    if kind == "pkcs11":
        return _pkcs11(text, folder.parent, new=new)
    refuse = _Refusal(kind.replace("+http", "+https") if kind.endswith("+http") else kind)
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:
        raise refuse("it is not a URL") from None
    if url.fragment:
        raise refuse("it has a # in it; write %23 where one is meant")
    if kind == "aws-kms":
        return _aws_kms(url, refuse, new=new)
    if kind in {"transit+https", "transit+http"}:
        return _transit(url, refuse, new=new)
    raise refuse(f"it begins with none of {', '.join(EXAMPLES)}")


def _pkcs11(text: str, home: Path, *, new: bool) -> KeyProvider:
    """An RFC 7512 URI; `object` is the labels' prefix."""
    refuse = _Refusal("pkcs11")
    path, _, query = text.removeprefix("pkcs11:").partition("?")
    named = _parameters(path.replace(";", "&"), {"token", "object"}, refuse)
    asked = _parameters(query, {"module-path", "pin-source"}, refuse)
    token, pin = _need(named, "token", refuse), _secret(_need(asked, "pin-source", refuse), "pin-source", refuse)
    module = Path(_need(asked, "module-path", refuse))
    if not module.is_absolute() or not module.is_file():
        raise refuse("module-path is not the absolute path of a library that is there")
    try:
        from privacy_svc.vault.providers.pkcs11 import Pkcs11KeyProvider  # noqa: PLC0415 - an optional package
    except ModuleNotFoundError as error:
        raise _missing(error, "pkcs11") from None
    make = Pkcs11KeyProvider.create if new else Pkcs11KeyProvider.open
    return make(module, token, pin, named.get("object", PREFIX), home)


def _aws_kms(url: SplitResult, refuse: _Refusal, *, new: bool) -> KeyProvider:
    asked = _parameters(url.query, {"window", "endpoint"}, refuse)
    prefix, window, endpoint = url.path.strip("/"), asked.get("window", "7"), asked.get("endpoint")
    if not re.fullmatch(r"[a-z0-9-]+", url.netloc):
        raise refuse("it names no region")
    if not re.fullmatch(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*", prefix) or prefix.startswith("aws/"):
        raise refuse("the prefix of the aliases is not made of letters, digits, - and _")
    if not window.isdecimal() or not 7 <= int(window) <= 30:
        raise refuse("window is not a number of days from 7 to 30")
    if endpoint is not None:
        _check_address(endpoint, refuse)
    try:
        from privacy_svc.vault.providers.aws_kms import AwsKmsKeyProvider  # noqa: PLC0415 - an optional package
    except ModuleNotFoundError as error:
        raise _missing(error, "aws") from None
    make = AwsKmsKeyProvider.create if new else AwsKmsKeyProvider.open
    return make(url.netloc, prefix, int(window), endpoint)


def _transit(url: SplitResult, refuse: _Refusal, *, new: bool) -> KeyProvider:
    asked = _parameters(url.query, {"token-file", "token-env", "ca-file"}, refuse)
    address = f"{url.scheme.removeprefix('transit+')}://{url.netloc}"
    _check_address(address, refuse)
    mount, _, prefix = unquote(url.path).strip("/").rpartition("/")
    if not all(re.fullmatch(r"[A-Za-z0-9_-]+", part) for part in (*mount.split("/"), prefix)):
        raise refuse("its path is not the mount and the prefix of the keys, of letters, digits, - and _")
    if ("token-file" in asked) == ("token-env" in asked):
        raise refuse("it names not one of token-file and token-env")
    source = asked.get("token-file") or f"env:{asked.get('token-env', '')}"
    ca_file = asked.get("ca-file")
    if ca_file is not None and not Path(ca_file).is_file():
        raise refuse("ca-file is not there")
    token = _secret(source, "token-file or token-env", refuse)
    try:
        from privacy_svc.vault.providers.transit import TransitKeyProvider  # noqa: PLC0415 - an optional package
    except ModuleNotFoundError as error:
        raise _missing(error, "transit") from None
    make = TransitKeyProvider.create if new else TransitKeyProvider.open
    return make(address, mount, prefix, token, ca_file)


def _parameters(query: str, known: set[str], refuse: _Refusal) -> Mapping[str, str]:
    """A + stands for itself (RFC 3986), as in a token's label."""
    try:
        pairs = parse_qsl(query.replace("+", "%2B"), keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise refuse("its parameters are not name=value, joined by &") from None
    found = dict(pairs)
    if len(found) != len(pairs) or not found.keys() <= known:
        raise refuse(f"its parameters are not some of {', '.join(sorted(known))}, each once")
    return found


def _need(found: Mapping[str, str], name: str, refuse: _Refusal) -> str:
    if not found.get(name):
        raise refuse(f"{name} is missing")
    return found[name]


def _secret(source: str, name: str, refuse: _Refusal) -> Secret:
    """Read once now: a place that is empty at the start is a setting that does not fit."""
    if not re.fullmatch(r"(file:)?/.+|env:\w+", source):
        raise refuse(
            f"{name} is not file:/path or a variable of the environment; the secret itself does not stand here"
        )
    secret = Secret(source)
    try:
        secret.read()
    except KeyUnavailable as error:
        raise refuse(error.detail.rstrip(".")) from None
    return secret


def _check_address(address: str, refuse: _Refusal) -> None:
    """HTTPS; plain HTTP only to this machine. Credentials do not stand in an address."""
    if fault := url_fault(address):
        raise refuse(f"the address {fault}")


def _missing(error: ModuleNotFoundError, extra: str) -> Misconfigured:
    return Misconfigured(
        f"This key provider needs the package {error.name}: pip install 'privacy-svc[{extra}]'",
        faults=[Fault("key_provider", f"needs the extra {extra}")],
    )
