"""What is kept, and the only place that speaks SQL (owner of SQLAlchemy and Alembic)."""

from .store import Cipher, Store

__all__ = ["Cipher", "Store"]
