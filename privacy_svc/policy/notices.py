"""policies/notices/<id>/<version>.<language>.md: what a person is shown, as Markdown under a small front matter.

Old versions stay: they are the proof of what somebody agreed to (Art. 7(1)).
"""

import hashlib
import re
from collections.abc import Collection, Mapping

from privacy_svc.policy.policyset import Notice
from privacy_svc.policy.reading import Block, Faults
from privacy_svc.policy.yamlfile import read_yaml

FOLDER = "notices"
_PATH = re.compile(
    r"notices/(?P<id>[a-z][a-z0-9_-]{0,63})/(?P<version>[1-9]\d{0,5})\.(?P<language>[a-z]{2})\.md", re.ASCII
)
_FRONT = re.compile(r"\A---[ \t]*\r?\n(?P<front>.*?)^---[ \t]*(?:\r?\n|\Z)(?P<text>.*)\Z", re.DOTALL | re.MULTILINE)

Key = tuple[str, int, str]
_NEWLINE = b"\n"


def read_notices(
    name: str,
    files: Mapping[str, bytes],
    purposes: Collection[str] | None,
    languages: tuple[str, ...] | None,
    faults: Faults,
) -> dict[Key, Notice]:
    """All notices. `files` are those under notices/ by their path within the folder, `name` the folder's name."""
    notices: dict[Key, Notice] = {}
    for path in sorted(files):
        found = _PATH.fullmatch(path)
        if not found:
            faults.at(
                f"{name}/{path}", "a notice is named notices/<id>/<version>.<language>.md, e.g. notices/news/1.en.md"
            )
            continue
        key = (found["id"], int(found["version"]), found["language"])
        notice = _notice(f"{name}/{path}", key, files[path], purposes, faults)
        if notice:
            notices[key] = notice
    _check_complete(name, notices, languages, faults)
    return notices


def _notice(place: str, key: Key, content: bytes, purposes: Collection[str] | None, faults: Faults) -> Notice | None:
    try:
        found = _FRONT.match(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        faults.at(f"{place}:1", "not UTF-8")
        return None
    if not found:
        faults.at(f"{place}:1", "begin with a front matter: a line ---, then title and purposes, then a line ---")
        return None
    root = read_yaml(place, found["front"].encode(), faults, first_line=2)
    block = Block(root, faults, ("title", "purposes"), "notice")
    text = found["text"].replace("\r\n", "\n").strip() + "\n"
    if not text.strip():
        faults.at(f"{place}:{content.count(_NEWLINE) + 1}", "the notice has no text")
    return Notice(
        id=key[0],
        version=key[1],
        language=key[2],
        title=block.text("title", required=True),
        text=text,
        digest="sha256:" + hashlib.sha256(text.encode()).hexdigest(),
        purposes=block.names("purposes", purposes, "purpose", required=True),
    )


def _check_complete(
    name: str, notices: Mapping[Key, Notice], languages: tuple[str, ...] | None, faults: Faults
) -> None:
    """Every version in every language, for the same purposes, and no version missing in between."""
    versions: dict[str, set[int]] = {}
    for notice_id, version, _ in notices:
        versions.setdefault(notice_id, set()).add(version)
    for notice_id, present in versions.items():
        place = f"{name}/notices/{notice_id}"
        for version in sorted(set(range(1, min(max(present), 1000))) - present):
            faults.at(place, f"version {version} is missing: older versions stay, as proof of what people agreed to")
        for version in sorted(present):
            same = [n for n in notices.values() if (n.id, n.version) == (notice_id, version)]
            for language in languages or ():
                if language not in {n.language for n in same}:
                    faults.at(place, f"version {version} is missing in language {language!r}: {version}.{language}.md")
            for other in same[1:]:
                if set(other.purposes) != set(same[0].purposes):
                    faults.at(f"{place}/{version}.{other.language}.md:1", "other purposes than in the other language")
