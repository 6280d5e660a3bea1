"""What opens a part of the product without the rest of an App, for commands that start quickly."""

from .database import open_accounts, open_store, upgrade_database
from .exposure import exposed_files
from .new_files import created_files, missing_files
from .settings import DatabaseSettings, database_settings
from .state_owner import require_owner

__all__ = [
    "DatabaseSettings",
    "created_files",
    "database_settings",
    "exposed_files",
    "missing_files",
    "open_accounts",
    "open_store",
    "require_owner",
    "upgrade_database",
]
