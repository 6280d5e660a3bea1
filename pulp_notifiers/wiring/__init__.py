"""What opens a part of the product without the rest of an App, for commands that start quickly."""

from .database import open_accounts, open_store, upgrade_database
from .settings import database_settings
from .state_owner import require_owner

__all__ = ["database_settings", "open_accounts", "open_store", "require_owner", "upgrade_database"]
