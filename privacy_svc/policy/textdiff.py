"""What changed in the text of policy files. Pure."""

import difflib
from collections.abc import Iterator, Mapping


def text_changes(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    """Lines as `diff -u` has them; both by path within the folder."""
    for path in sorted({*old, *new}):
        before, after = (files.get(path, "").splitlines() for files in (old, new))
        yield from difflib.unified_diff(before, after, f"old/{path}", f"new/{path}", lineterm="")
