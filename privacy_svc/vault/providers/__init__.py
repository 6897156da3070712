"""Key providers: where the root epochs live, outside the database. docs/keys.md tells which is for whom."""

from privacy_svc.vault.providers.file import FileKeyProvider
from privacy_svc.vault.providers.opening import create_provider, open_provider
from privacy_svc.vault.providers.protocol import Destruction, KeyProvider

__all__ = ["Destruction", "FileKeyProvider", "KeyProvider", "create_provider", "open_provider"]
