"""Whatever the files say, they are loaded or refused; nothing else ever happens."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from privacy_svc.errors import Misconfigured
from privacy_svc.policy import compile_policies
from tests.policy.small import FILES

PATHS = sorted(FILES)
POINTER = re.compile(r"policies/.+?(:\d+)?")
SCRAPS = st.sampled_from(
    [
        *("", "null", "~", "[]", "{}", "true", "12", "-1", "1e9", "x", ".", "a.b.c", "[[]]", "{a: b}", "*a", "&a"),
        *("!!int x", "'", '"', "|", ">", "---", "...", "%YAML 1.1", "? x", "<<: {}", "\t", "\0", "é", "P1Y", "user"),
        *("system", "0o7", "2026-01-01", ": "),
    ]
)
TOKENS = re.compile(r"[\w.:/-]+|\s+|[^\w\s]")


def refusal(files: dict[str, bytes]) -> Misconfigured | None:
    try:
        compile_policies(files)
    except Misconfigured as error:
        return error
    return None


def outcome(files: dict[str, bytes]) -> None:
    error = refusal(files)
    if error is not None:
        assert error.faults
        assert all(POINTER.fullmatch(f.pointer) and f.detail for f in error.faults), error.faults


def encoded() -> dict[str, bytes]:
    return {p: t.encode() for p, t in FILES.items()}


@settings(max_examples=250, deadline=None)
@given(data=st.data())
def test_mutated_tokens(data: st.DataObject) -> None:
    """A few words of a good file are swapped, dropped, doubled or replaced by scraps of YAML."""
    path = data.draw(st.sampled_from(PATHS))
    tokens = TOKENS.findall(FILES[path])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(tokens) - 1))
        tokens[place] = data.draw(SCRAPS | st.sampled_from(tokens) | st.just(tokens[place] * 2) | st.text(max_size=5))
    outcome(encoded() | {path: "".join(tokens).encode("utf-8", "surrogatepass")})


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_mutated_lines(data: st.DataObject) -> None:
    """Lines of a good file are dropped, doubled, moved or indented otherwise."""
    path = data.draw(st.sampled_from(PATHS))
    lines = FILES[path].splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 3))):
        here, there = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        line = lines[here]
        changed = {
            "drop": "",
            "twice": line * 2,
            "move": lines[there],
            "in": "  " + line,
            "out": line.removeprefix("  "),
        }
        lines[here] = changed[data.draw(st.sampled_from(sorted(changed)))]
    outcome(encoded() | {path: "".join(lines).encode()})


trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["crm", "customer", "user.name"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["dataset", "collections", "fields", "name", "fides_key", "privacy", "fides_meta", "references", "purposes",
         "title", "masks", "consent", "keep", "id", "index", "data_categories", "erase", "recipients", "languages"]
    ), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(path=st.sampled_from([p for p in PATHS if p.endswith(".yml")]), tree=trees)
def test_any_tree(path: str, tree: object) -> None:
    """A file of the right words in any shape."""
    import json

    outcome(encoded() | {path: json.dumps(tree).encode()})


@settings(max_examples=100, deadline=None)
@given(path=st.sampled_from(PATHS), content=st.binary(max_size=200))
def test_any_bytes(path: str, content: bytes) -> None:
    """A file of any bytes."""
    outcome(encoded() | {path: content})
