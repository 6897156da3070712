"""A folder of policy files as one immutable PolicySet, or every fault in it at once."""

import hashlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from privacy_svc.errors import Fault, Misconfigured
from privacy_svc.policy import casefiles, connectorfiles, modules, notices, organisation, purposes
from privacy_svc.policy.connectors import Connector
from privacy_svc.policy.controller import Organisation
from privacy_svc.policy.datamap import DataMap
from privacy_svc.policy.datasets import FOLDER as DATASETS
from privacy_svc.policy.datasets import DatasetReader
from privacy_svc.policy.policyset import PolicySet
from privacy_svc.policy.reading import Faults, nearest
from privacy_svc.policy.taxonomy import taxonomy
from privacy_svc.policy.yamlfile import MOST_BYTES, Node, read_yaml

_TOP = (organisation.FILE, purposes.FILE, modules.FILE)
_FOLDERS = {DATASETS: (".yml", ".yaml"), notices.FOLDER: (".md",), connectorfiles.FOLDER: (".yml", ".yaml")}
_TEXTS = (".yml", ".yaml", ".md")


def load_policies(folder: Path) -> PolicySet:
    """Raises Misconfigured with a Fault("policies/purposes.yml:12", …) for everything that does not fit."""
    return compile_policies(read_files(folder), name=folder.resolve().name)


def read_files(folder: Path) -> dict[str, bytes]:
    """The contents of the folder's policy files by path within it. Not hidden files, README.md and tests/."""
    try:
        paths = sorted(policy_paths(folder))
        return {p.relative_to(folder).as_posix(): p.read_bytes()[: MOST_BYTES + 1] for p in paths}
    except OSError as error:
        raise Misconfigured(f"The policies folder {folder} cannot be read: {error.strerror}.") from error


def policy_paths(folder: Path) -> list[Path]:
    return [p for p in watched_paths(folder) if p.is_file()]


def watched_paths(folder: Path) -> list[Path]:
    """The policy files and the folders they are in."""
    if not folder.is_dir():
        raise Misconfigured(f"There is no policies folder {folder}: `privacy-svc init` makes one.")
    found = (p for p in folder.rglob("*") if (p.suffix.lower() in _TEXTS and p.name != "README.md") or p.is_dir())
    return [folder, *(p for p in found if _is_policy(p.relative_to(folder).parts))]


def _is_policy(parts: tuple[str, ...]) -> bool:
    return parts[0] != casefiles.FOLDER and not any(part.startswith(".") for part in parts)


def version_of(files: Mapping[str, bytes]) -> str:
    """`sha256:` over paths and contents, each with its length, so that no two sets of files read alike."""
    digest = hashlib.sha256()
    for path in sorted(files):
        for part in (path.encode(), files[path]):
            digest.update(len(part).to_bytes(8, "big") + part)
    return f"sha256:{digest.hexdigest()}"


def compile_policies(files: Mapping[str, bytes], *, name: str = "policies") -> PolicySet:
    """The same from contents in memory: a candidate to simulate, or an old version. Raises Misconfigured."""
    faults = Faults()
    policies = _Compiler(files, name, faults).compile()
    if faults or policies is None:
        count = f"{len(faults)} places" if len(faults) != 1 else "one place"
        raise Misconfigured(f"The policies do not fit in {count}", faults=sorted(faults, key=_by_line))
    return policies


def _by_line(fault: Fault) -> tuple[str, int]:
    path, _, line = fault.pointer.rpartition(":")
    return (path, int(line)) if line.isdecimal() else (fault.pointer, 0)


class _Compiler:
    def __init__(self, files: Mapping[str, bytes], name: str, faults: Faults) -> None:
        self.files, self.name, self.faults = files, name, faults
        self.connectors: list[tuple[Connector, str]] = []
        """With the place of each."""

    def compile(self) -> PolicySet | None:
        self._check_names()
        trees = {path: self._tree(path) for path in _TOP}
        owner = organisation.read_organisation(trees[organisation.FILE], self.faults)
        keys = _purpose_keys(trees[purposes.FILE])
        shown = notices.read_notices(
            self.name, self._under(notices.FOLDER), keys, (owner and owner.languages) or None, self.faults
        )
        known = purposes.Known(taxonomy(), shown, owner)
        groups, aims = purposes.read_purposes(trees[purposes.FILE], known, self.faults)
        granted = modules.read_modules(trees[modules.FILE], keys, groups, aims, self.faults)
        data_map = self._data_map(owner)
        connected = self._connectors()
        if owner is None:
            return None
        compiled = PolicySet(
            version=version_of(self.files),
            organisation=owner,
            purposes=MappingProxyType(aims),
            modules=MappingProxyType(granted),
            notices=MappingProxyType(shown),
            data_map=data_map,
            groups=MappingProxyType(groups),
            connectors=MappingProxyType(connected),
            files=MappingProxyType({p: c.decode("utf-8", "replace") for p, c in self.files.items()}),
        )
        if not self.faults:
            connectorfiles.check_sent(self.connectors, compiled.all_field_names, self.faults)
        return compiled

    def _under(self, folder: str) -> dict[str, bytes]:
        return {p: c for p, c in self.files.items() if p.startswith(folder + "/")}

    def _tree(self, path: str) -> Node | None:
        if path not in self.files:
            self.faults.at(f"{self.name}/{path}", "this file is missing")
            return None
        return read_yaml(f"{self.name}/{path}", self.files[path], self.faults)

    def _data_map(self, owner: Organisation | None) -> DataMap:
        reader = DatasetReader(taxonomy(), self.faults, owner.recipients if owner else None)
        for path, content in sorted(self._under(DATASETS).items()):
            root = read_yaml(f"{self.name}/{path}", content, self.faults)
            if root is not None:
                reader.read(path, root)
        return reader.finish()

    def _connectors(self) -> dict[str, Connector]:
        found: list[tuple[Connector, str]] = []
        for path, content in sorted(self._under(connectorfiles.FOLDER).items()):
            root = read_yaml(f"{self.name}/{path}", content, self.faults)
            connector = connectorfiles.read_connector(root, taxonomy(), self.faults) if root is not None else None
            if root is not None and connector is not None:
                found.append((connector, root.place))
        self.connectors = found
        return connectorfiles.once(found, self.faults)

    def _check_names(self) -> None:
        """A file that nobody reads is a policy somebody believes in."""
        for path in self.files:
            parts = PurePosixPath(path).parts
            known = path in _TOP or (len(parts) > 1 and PurePosixPath(path).suffix in _FOLDERS.get(parts[0], ()))
            if not known:
                hint = nearest(parts[0], (*_TOP, *_FOLDERS))
                self.faults.at(f"{self.name}/{path}", f"no policy file has this name{hint}")


def _purpose_keys(root: Node | None) -> tuple[str, ...] | None:
    """The purposes' names, for the files that refer to them; None when their file cannot be read."""
    found = root.entries.get("purposes") if root else None
    return tuple(found.entries) if found else None
