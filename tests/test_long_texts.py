"""Whatever a caller sends as one long text is looked through once: twice the length costs twice, not four times."""

import subprocess
import sys

HOSTILE = """
from privacy_svc.consent.contradicting import contradictions
from privacy_svc.http.bodies import check_reading
from privacy_svc.http.logs import clean
from privacy_svc.http.shapes import addresses
from privacy_svc.store.known import Known
from privacy_svc.store.lens import Lens
from privacy_svc.vault import normalise

MANY = 150_000
names = {str(n): 1 for n in range(MANY // 5)}

def twice():
    try:
        check_reading(("{" + ",".join(f'"{n}":1' for n in [*names, MANY // 5 - 1]) + "}").encode())
    except Exception:
        pass

for looked in (
    lambda: list(addresses({"an address that never comes": "x" * MANY})),
    lambda: list(addresses({"x" * MANY: "a name", "b": "@" * MANY, "c": "x@" * MANY, "d": "x@" + "y" * MANY})),
    lambda: list(addresses(["+1 " * MANY, "+1" + "1 " * MANY + "x"])),
    lambda: list(addresses({"x" * MANY: names})),
    lambda: list(contradictions({"denied over and over": "not bundled " * (MANY // 10)})),
    lambda: list(contradictions({"x" * MANY: names})),
    twice,
    lambda: normalise("email", " " + ". " * MANY + "x"),
    lambda: [clean(line) for line in ("x" * MANY, "1- " * MANY, "aB-" * MANY, "x@" + "y" * MANY)],
    lambda: Lens({"a": Known(telling=["x@example.org"])}).people_in("@" + "x" * MANY, names=True),
):
    looked()
    print("done", flush=True)
"""


def test_a_long_text_is_looked_through_once() -> None:
    """Hundreds of thousands of letters are done with in seconds; looked through from each of them, in hours."""
    command = [sys.executable, "-c", HOSTILE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "done\n" * 10, done.stderr
