"""The server and the user that the settings name."""

import os
import re
from collections.abc import Mapping
from typing import NamedTuple, TypeVar

from ..server_conf import ANY_TEXT, DEFAULT_BIND, DEFAULT_FILE, OWN_SECTION, PREFIX, ServerConf
from .client import split_url

_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]", "": "127.0.0.1"}
_BIND = re.compile(r"\S+:[0-9]{1,5}")

ConfT = TypeVar("ConfT", bound=ServerConf)


class StoredConnection(NamedTuple):
    """The texts of the section ``[client]``; empty if a key is not set."""

    url: str = ""
    username: str = ""
    password: str = ""
    ca_path: str = ""


def stored_connection(environ: Mapping[str, str]) -> StoredConnection:
    """Return the section ``[client]`` with the server's address filled in.

    :raises InvalidSetting: a value is not allowed.
    """
    conf = _loaded(ServerConf, environ)
    client = conf.texts("client", StoredConnection._fields)
    own = {} if client.get("url") else {"bind": DEFAULT_BIND, **conf.texts(OWN_SECTION, {"bind", *ANY_TEXT})}
    if not (_is_surely_valid(client) and (client.get("url") or _needs_no_check(own, conf))):
        _check(environ)
    stored = StoredConnection(**client)
    return stored if stored.url else stored._replace(url=_address(own))


def _loaded(kind: type[ConfT], environ: Mapping[str, str]) -> ConfT:
    # Pulp's server.conf belongs to the server: a user who may not read it can still talk to one.
    unreadable = PREFIX + "CONF" not in environ and not os.access(DEFAULT_FILE, os.R_OK)
    return kind(environ=environ) if unreadable else kind.load(environ)


def _is_surely_valid(client: Mapping[str, str]) -> bool:
    try:
        split_url(client.get("url") or "http://unset")
    except ValueError:
        return False
    return client.keys() <= set(StoredConnection._fields)


def _needs_no_check(own: Mapping[str, str], conf: ServerConf) -> bool:
    # Any other key or variable may have a wrong value, which only the model knows.
    known = own.keys() <= {"bind", *ANY_TEXT} and not conf.unknown_variables()
    return known and _BIND.fullmatch(own["bind"]) is not None


def _check(environ: Mapping[str, str]) -> None:
    # The models take longer to import than a request takes, and most settings need no check.
    from ..settings import Settings
    from .client_settings import check_client_settings

    check_client_settings(_loaded(Settings, environ))


def _address(own: Mapping[str, str]) -> str:
    host, _, port = own["bind"].rpartition(":")
    scheme = "https" if own.get("tls_certificate") else "http"
    return f"{scheme}://{_ANY_ADDRESS.get(host, host)}:{port}"
