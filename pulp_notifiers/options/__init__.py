"""Options of listeners and sources.

::

    model          what a config model declares, and which of it is secret
    destinations   which options decide where secrets are sent
    places         the scheme, host and port that a text names
    urls           credentials in URLs
    secrets        merging options, and showing them and texts without their secrets
"""

from .destinations import Destination, DestinationOption, declared_destinations, guessed_destinations
from .model import SECRET_NAME, UNEXPECTED_FIELD, config_model, declared_secrets, holds_secret, problems_of, undeclared
from .secrets import (
    Merged,
    dropped_sentence,
    mask,
    masked_without_stored,
    merge_config,
    merge_safely,
    scrub,
    unmask,
    with_dropped,
)
from .urls import MASK, mask_urls

__all__ = [
    "MASK",
    "SECRET_NAME",
    "UNEXPECTED_FIELD",
    "Destination",
    "DestinationOption",
    "Merged",
    "config_model",
    "declared_destinations",
    "declared_secrets",
    "dropped_sentence",
    "guessed_destinations",
    "holds_secret",
    "mask",
    "mask_urls",
    "masked_without_stored",
    "merge_config",
    "merge_safely",
    "problems_of",
    "scrub",
    "undeclared",
    "unmask",
    "with_dropped",
]
