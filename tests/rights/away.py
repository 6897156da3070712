"""The customer store goes away, as a file that is not there, and comes back."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.rights.company import Company


@contextmanager
def without_store(company: Company) -> Iterator[None]:
    file = Path(company.store_url.removeprefix("sqlite:///"))
    hidden = file.with_suffix(".away")
    _let_go(company)
    file.rename(hidden)
    try:
        yield
    finally:
        _let_go(company)
        hidden.rename(file)


def _let_go(company: Company) -> None:
    """Connections that are open would go on with the file that was renamed."""
    company.stores.close()
    company.stores._engines.clear()
