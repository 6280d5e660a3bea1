"""Encryption of the stored configs of listeners and sources (owner of cryptography)."""

import os
import tempfile
from base64 import urlsafe_b64decode
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from ..errors import InvalidSetting
from .sealed_configs import Undecryptable

_VERSION = b"\x80"
_LEAST_BYTES = 73  # version, time, initialization vector, one block, HMAC


class Vault:
    """Encrypts text with one key (Fernet: AES-128-CBC with HMAC-SHA256).

    :param key: 32 bytes, URL-safe base64.
    :raises ValueError: the key has another form.
    """

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(key)

    @classmethod
    def from_file(cls, path: Path, may_create: bool) -> "Vault":
        """Read the key file; if it is missing and may be created, create one that only its owner can read.

        :param may_create: False if the database already contains something sealed with the key.
        :raises InvalidSetting: the file is missing, cannot be read, or does not contain a key.
        """
        try:
            if may_create:
                _create_if_missing(path)
            return cls(path.read_bytes().strip())
        except FileNotFoundError as error:
            if may_create:
                raise InvalidSetting(f"The key file {path} cannot be created: {error.strerror}.") from None
            raise InvalidSetting(
                f"The key file {path} is missing, but the database holds listeners or sources encrypted with it: "
                f"restore the file from a backup, or set [notifiers] key_file to its path."
            ) from None
        except OSError as error:
            raise InvalidSetting(f"The key file {path} cannot be read or created: {error.strerror}.") from None
        except ValueError:
            raise InvalidSetting(f"{path} does not contain a key: restore the file from a backup.") from None

    def seal(self, text: str) -> str:
        """Return the text encrypted."""
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def open(self, sealed: str) -> str:
        """Return the text that was sealed.

        :raises Undecryptable: it was sealed with another key, or is damaged.
        """
        try:
            return self._fernet.decrypt(sealed).decode()
        except (InvalidToken, ValueError):  # ValueError if it is not ASCII
            raise Undecryptable(damaged=not _is_sealed(sealed)) from None


def _is_sealed(text: str) -> bool:
    try:
        token = urlsafe_b64decode(text)
    except ValueError:
        return False
    return token.startswith(_VERSION) and len(token) >= _LEAST_BYTES


def _create_if_missing(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists():
        return
    # Written to a temporary file and linked into place, so that two processes that start at once share one whole key.
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(Fernet.generate_key() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(temporary, path)
    except FileExistsError:
        return
    finally:
        Path(temporary).unlink()
