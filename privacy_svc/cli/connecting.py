"""What `init` does: draft the data map of a store, make the home, remember the store's URL."""

import os
import re
import shutil
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

from privacy_svc import examples
from privacy_svc.db import parse_url
from privacy_svc.errors import Misconfigured
from privacy_svc.home import create_home
from privacy_svc.policy import DataMap, load_policies
from privacy_svc.settings import FILE, Settings

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


@dataclass(frozen=True)
class Connected:
    """What was found. `draft` is the data map's file, beside the present one where `kept`."""

    draft: Path
    kept: bool
    persons: dict[str, str]
    fields: int
    personal_fields: int
    sealed_fields: int


def connect(settings: Settings, name: str, url: str) -> Connected:
    """Reads the store, writes only our own files. Raises StoreUnavailable, Misconfigured."""
    from privacy_svc.store import draft_dataset, next_id, open_store, read_schema

    if not _NAME.fullmatch(name):
        raise Misconfigured("A store's name is a small letter, then small letters, digits and underscores.")
    url = absolute(url)
    engine = open_store(url, read_only=True)
    try:
        schema = read_schema(engine)
    finally:
        engine.dispose()
    _bring_policies(settings)
    target = settings.policies / "datasets" / f"{name}.yml"
    kept = target.exists()
    draft = target.with_suffix(".yml.draft") if kept else target
    others = load_policies(settings.policies).data_map
    draft.parent.mkdir(parents=True, exist_ok=True)
    draft.write_text(draft_dataset(schema, name, next_id(others)), encoding="utf-8")
    remember_store(settings.home, name, url)
    connected = replace(settings, stores={**settings.stores, name: url})
    runtime = create_home(connected)
    data_map = runtime.policies.current.data_map
    runtime.close()
    return _summary(draft, data_map, name, kept=kept)


def _bring_policies(settings: Settings) -> None:
    """The example policies to start from, without the example's data map and tests: they are of another store."""
    if examples.copy_missing("policies", settings.policies):
        shutil.rmtree(settings.policies / "tests")
        for file in (settings.policies / "datasets").glob("*.yml"):
            file.unlink()
    examples.copy_missing("audits", settings.audits)


def _summary(draft: Path, data_map: DataMap, name: str, *, kept: bool) -> Connected:
    collections = data_map.by_key[name].collections if name in data_map.by_key else ()
    fields = [f for c in collections for f in c.fields]
    return Connected(
        draft,
        kept,
        {c.name: c.subject for c in collections if c.subject},
        len(fields),
        sum(f.personal for f in fields),
        sum(f.seal for f in fields),
    )


def absolute(url: str) -> str:
    """A SQLite path is remembered whole, so that the service finds it from any folder."""
    parsed = parse_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return url
    return parsed.set(database=str(Path(parsed.database).resolve())).render_as_string(hide_password=False)


def remember_store(home: Path, name: str, url: str) -> None:
    """`stores.<name>` in privacy.toml, mode 0600; everything else in the file stays as it is."""
    path = home / FILE
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    try:
        present = tomllib.loads(text).get("stores", {})
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"{path}: {error}") from None
    line = f"{name} = {_quoted(url)}"
    if name in present:
        kept = [line if raw.split("=")[0].strip() == name else raw for raw in text.splitlines()]
    elif "stores" in present or "[stores]" in text:
        kept = [part for raw in text.splitlines() for part in ([raw, line] if raw.strip() == "[stores]" else [raw])]
    else:
        kept = [*text.splitlines(), "[stores]", line]
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join(kept) + "\n")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
