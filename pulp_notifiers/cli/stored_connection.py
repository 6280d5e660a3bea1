"""The server and the user that the settings name, and how commands print."""

import os
from collections.abc import Mapping
from typing import NamedTuple, TypeVar

from ..server_conf import DEFAULT_BIND, OWN_KEYS, OWN_SECTION, PREFIX, ServerConf, settings_file
from .client import split_url
from .document_texts import FORMATS

_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]", "": "127.0.0.1"}

ConfT = TypeVar("ConfT", bound=ServerConf)


class StoredConnection(NamedTuple):
    """The texts of the section ``[client]``; empty if a key is not set."""

    url: str = ""
    username: str = ""
    password: str = ""
    ca_path: str = ""
    format: str = ""


def stored_connection(environ: Mapping[str, str]) -> StoredConnection:
    """Return the section ``[client]`` with the server's address filled in.

    :raises InvalidSetting: a value is not allowed.
    """
    conf = _loaded(ServerConf, environ)
    client = conf.texts("client", StoredConnection._fields)
    own: Mapping[str, str] | None = {} if client.get("url") else conf.plain_own_texts()
    if own is None or not _is_plain(client):
        # The models that check take longer to import than a request takes.
        from ..settings import Settings
        from .client_settings import check_client_settings

        check_client_settings(_loaded(Settings, environ))
    stored = StoredConnection(**client)
    return stored if stored.url else stored._replace(url=_address(conf.texts(OWN_SECTION, OWN_KEYS)))


def stored_format(environ: Mapping[str, str]) -> str:
    """Return how commands print what they show; empty if the settings do not say it.

    :raises InvalidSetting: it is none of the formats, or the settings cannot be read.
    """
    found = _loaded(ServerConf, environ).texts("client", ("format",)).get("format", "")
    if found not in ("", *FORMATS):
        from ..settings import Settings
        from .client_settings import check_client_settings

        check_client_settings(_loaded(Settings, environ))
    return found


def _loaded(kind: type[ConfT], environ: Mapping[str, str]) -> ConfT:
    # The file belongs to the service: a user who may not read it can still talk to one.
    unreadable = PREFIX + "CONF" not in environ and not os.access(settings_file(environ), os.R_OK)
    return kind(environ=environ) if unreadable else kind.load(environ)


def _is_plain(client: Mapping[str, str]) -> bool:
    """Return whether the section needs no check."""
    try:
        split_url(client.get("url") or "http://unset")
    except ValueError:
        return False
    return client.keys() <= set(StoredConnection._fields) and client.get("format", "") in ("", *FORMATS)


def _address(own: Mapping[str, str]) -> str:
    host, _, port = own.get("bind", DEFAULT_BIND).rpartition(":")
    scheme = "https" if own.get("tls_certificate") else "http"
    return f"{scheme}://{_ANY_ADDRESS.get(host, host)}:{port}"
