"""The database: everything that is kept, and the only SQL (owner of SQLAlchemy, Alembic and cryptography)."""

from .store import Cipher, Store
from .vault import Vault

__all__ = ["Cipher", "Store", "Vault"]
