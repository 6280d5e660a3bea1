"""Options of listeners and sources.

::

    model      what a config model declares, and which of it is secret
    secrets    merging options, and showing them and texts without their secrets
"""

from .model import SECRET_NAME, UNEXPECTED_FIELD, config_model, declared_secrets, holds_secret, problems_of, undeclared
from .secrets import MASK, mask, masked_without_stored, merge_config, scrub, unmask

__all__ = [
    "MASK",
    "SECRET_NAME",
    "UNEXPECTED_FIELD",
    "config_model",
    "declared_secrets",
    "holds_secret",
    "mask",
    "masked_without_stored",
    "merge_config",
    "problems_of",
    "scrub",
    "undeclared",
    "unmask",
]
