"""Every setting: name, type, default, help. From the environment and `<home>/privacy.toml`.

The environment wins over the file. Unknown keys are refused, so that a typing error
cannot silently leave a protection at its default.
"""

import os
import tomllib
import types
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints

from privacy_svc.errors import Fault, Misconfigured, nearest

PREFIX = "PRIVACY_"
FILE = "privacy.toml"
_LOOPBACKS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - nobody is bound here


def setting(default: object, help: str, *, secret: bool = False) -> Any:  # noqa: A002 - reads as the table it is
    """One row of the settings table. `secret` keeps the value out of `repr`."""
    meta = {"help": help, "secret": secret}
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=meta, repr=not secret)
    return field(default=default, metadata=meta, repr=not secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    home: Path = setting(Path("var"), "Folder for the embedded database, the keys and generated files.")
    policies: Path = setting(Path("policies"), "Folder of the organisation's policy files.")
    shadow_policies: str = setting(
        "", "Folder of candidate policies: what they would decide is counted and logged, never enforced; empty: none."
    )
    audits: Path = setting(Path("audits"), "Folder of the audit checks and programmes.")
    database_url: str = setting(
        "", "Privacy database; empty: SQLite in the home folder. PostgreSQL for production.", secret=True
    )
    stores: dict[str, str] = setting({}, "Customer stores: dataset key to SQLAlchemy URL.", secret=True)
    ledger: str = setting(
        "", "Folder of the fence ledger; empty: ledger in the home folder. Keep it where a restore does not reach."
    )
    log: str = setting(
        "",
        "Folder of the audit log's record outside the database; empty: log in the home folder. All machines share one. "
        "Keep it where a restore does not reach.",
    )
    key_provider: str = setting(
        "file", "Where the root keys live: `file`, `pkcs11:`, `aws-kms://` or `transit+https://`; see docs/keys.md."
    )
    epoch_hours: int = setting(24, "How often the root key rolls.")
    backup_days: int = setting(
        30, "How long backups are kept: how far back you can restore, and when erasure has reached every backup."
    )
    key_lease_minutes: int = setting(
        15, "How long an unwrapped page key is used before the key provider is asked again."
    )
    key_grace_minutes: int = setting(0, "How much longer, while the key provider is away.")
    witness_url: str = setting("", "Prefix of a witness (C2SP tlog-witness) that cosigns the audit log; empty: none.")
    witness_key: str = setting("", "The witness's verifier key: name+hash+key.")
    host: str = setting("127.0.0.1", "Address to listen on.")
    port: int = setting(8480, "Port to listen on.")
    workers: int = setting(1, "Web processes.")
    base_url: str = setting(
        "", "Where people and modules reach this service; links in mails; empty: the address and port listened on."
    )
    body_limit: int = setting(1_000_000, "Largest request body in bytes.")
    waiting_limit: int = setting(
        512, "Requests that a web process has in hand at most; whoever comes then is answered 503 at once."
    )
    token_limit: int = setting(300_000, "Calls a minute by one token, over all processes; 0: any number.")
    proxies: str = setting(
        "", "Networks of the reverse proxies whose X-Forwarded-For is believed, such as 10.0.0.0/24; empty: none."
    )
    smtp_url: str = setting(
        "", "smtp://user:password@host:port for mail; empty: mails are kept as files in <home>/outbox.", secret=True
    )
    mail_from: str = setting("privacy@localhost", "Sender of the service's mails.")
    outbound_allow: str = setting(
        "", "Private networks in which recipients and other parties may be called, such as 10.1.0.0/16; empty: none."
    )
    pii_model: str = setting(
        "",
        "Larger model for names in texts: `spacy:<path or name>`, `transformers:<path>`; empty: none. See docs/pii.md.",
    )
    package_days: int = setting(14, "How long the link works by which a person fetches their package.")
    package_downloads: int = setting(5, "How often it works.")
    oidc_issuer: str = setting(
        "", "Issuer of the OpenID provider by which staff sign in; empty: one-time links alone. See docs/operations.md."
    )
    oidc_client_id: str = setting("", "What the provider calls this service.")
    oidc_client_secret: str = setting(
        "", "File of the secret that the provider gave this service (mode 0600); empty: none, PKCE alone."
    )
    oidc_scope: str = setting("openid profile", "What the provider is asked for.")
    oidc_roles_claim: str = setting(
        "groups", "Claim of the ID token that lists what somebody is; dots lead into objects: `realm_access.roles`."
    )
    oidc_roles: dict[str, str] = setting(
        {}, "By which value of it somebody is `dpo`, `admin` or `auditor`; who has none of them is refused."
    )
    oidc_name_claim: str = setting("preferred_username", "Claim by which the log calls somebody.")
    opendsr_certificate: str = setting(
        "", "File of the certificate chain (PEM) by which our OpenDSR answers are signed; empty: none are given."
    )
    opendsr_key: str = setting("", "File of its RSA key (PEM, mode 0600).")
    secrets: dict[str, str] = setting({}, "What connectors sign in with: name to secret.", secret=True)
    demo: bool = setting(False, "This is the demo: every page says so.")

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_url", _as_browsers_say(self.base_url) or self.own_url)

    @property
    def own_url(self) -> str:
        """By which this machine reaches the service; whoever listens on all addresses is reached on the loopback."""
        host = _LOOPBACKS.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def reached_nowhere_else(self) -> bool:
        """Other machines are listened to, and told an address of this one's loopback."""
        return self.host in _LOOPBACKS and self.base_url == self.own_url

    @property
    def ledger_folder(self) -> Path:
        return Path(self.ledger) if self.ledger else self.home / "ledger"

    @property
    def log_folder(self) -> Path:
        return Path(self.log) if self.log else self.home / "log"

    @property
    def privacy_database_url(self) -> str:
        return self.database_url or f"sqlite:///{self.home / 'privacy.sqlite3'}"

    @property
    def embedded(self) -> bool:
        """Whether the privacy database is a file, so that `serve` has a worker beside it."""
        return self.privacy_database_url.startswith("sqlite")


def _as_browsers_say(url: str) -> str:
    """Scheme and host in small letters (RFC 3986 §6.2.2.1), and nothing behind on which a path is put."""
    scheme, there, rest = url.strip().partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{there}{host}".lower() + f"{slash}{path}".rstrip("/")


def load(environ: Mapping[str, str] = os.environ, **overrides: Any) -> Settings:
    """Settings from, in rising order: defaults, `<home>/privacy.toml`, the environment, `overrides`.

    `PRIVACY_STORE_<NAME>` names one store's URL, `PRIVACY_SECRET_<NAME>` one secret, `PRIVACY_OIDC_ROLE_<ROLE>` what
    makes a role. Raises Misconfigured with every fault found.
    """
    given = {k: v for k, v in overrides.items() if v is not None}
    home = Path(given.get("home") or environ.get(PREFIX + "HOME") or Settings().home)
    faults: list[Fault] = []
    values: dict[str, Any] = {**_from_file(home / FILE, faults), **_from_environment(environ, faults), **given}
    values["home"] = home
    named = {name: {**values.get(name, {}), **_each(environ, one)} for name, one in _EACH.items()}
    if faults:
        raise Misconfigured("The settings do not fit", faults=faults)
    return Settings(**values | named)


_EACH = {"stores": PREFIX + "STORE_", "secrets": PREFIX + "SECRET_", "oidc_roles": PREFIX + "OIDC_ROLE_"}


def _each(environ: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {k.removeprefix(prefix).lower(): v for k, v in environ.items() if k.startswith(prefix)}


def _from_file(path: Path, faults: list[Fault]) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        faults.append(Fault(str(path), str(error)))
        return {}
    return {k: _fit(str(path), k, v, faults) for k, v in found.items() if _known(str(path), k, faults)}


def _from_environment(environ: Mapping[str, str], faults: list[Fault]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX) or variable.startswith((*_EACH.values(), PREFIX + "TEST_")):
            continue
        name = variable.removeprefix(PREFIX).lower()
        if _known(variable, name, faults):
            values[name] = _fit(variable, name, text, faults)
    return values


def _known(place: str, name: str, faults: list[Fault]) -> bool:
    known = [f.name for f in fields(Settings)]
    if name in known:
        return True
    near = nearest(name, known)
    faults.append(Fault(place, f"unknown setting {name!r}" + (f", did you mean {near!r}?" if near else "")))
    return False


def _fit(place: str, name: str, value: object, faults: list[Fault]) -> object:
    """A text of the environment, or a TOML value, as the setting's type."""
    wanted = get_type_hints(Settings)[name]
    kind: type = dict if isinstance(wanted, types.GenericAlias) else wanted
    if kind is Path and isinstance(value, str):
        return Path(value)
    if kind is bool and isinstance(value, str) and value.lower() in {"true", "1", "yes", "false", "0", "no"}:
        return value.lower() in {"true", "1", "yes"}
    if kind is int and isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
        return value
    faults.append(Fault(place, f"{name} takes {kind.__name__}, not {value!r}" if name not in _secrets() else f"{name}"))
    return value


def _secrets() -> set[str]:
    return {f.name for f in fields(Settings) if f.metadata["secret"]}
