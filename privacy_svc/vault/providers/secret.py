"""Where a PIN or token is read from. The settings name the place, never the secret."""

import os
from dataclasses import dataclass
from pathlib import Path

from privacy_svc.errors import KeyUnavailable


@dataclass(frozen=True, slots=True)
class Secret:
    """`file:/path`, a bare absolute path, or `env:NAME`. Read each time, so that an agent may renew it."""

    source: str

    def read(self) -> str:
        """Raises KeyUnavailable, naming the place."""
        kind, _, name = self.source.partition(":")
        found = os.environ.get(name, "") if kind == "env" else self._file(Path(name if kind == "file" else self.source))
        if not found.strip():
            raise KeyUnavailable(f"The key provider's secret at {self.source} is empty or not there.")
        return found.strip()

    def _file(self, path: Path) -> str:
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise KeyUnavailable(f"The key provider's secret at {self.source} cannot be read.") from None
