"""Certificate files that an option of a listener or source names, checked before a TLS library opens them.

Whoever may register a listener may name any path, and a TLS library opens it without a second look: a FIFO blocks it
for ever, a device may answer without end, and its errors say which files exist. So only regular files of limited size
that look like certificates or keys are used, and what is wrong with others is for the log and not for whoever named
them.
"""

import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path

LARGEST_FILE = 4 * 1024 * 1024
"""Bytes; the certificates of all public authorities are a quarter of a megabyte."""

MOST_ENTRIES = 10_000
"""Of a directory."""

_LARGEST_DIRECTORY = 4 * LARGEST_FILE
_DESCRIPTORS = Path("/dev/fd")

_CERTIFICATE = re.compile(rb"^-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----", re.MULTILINE)
_PRIVATE_KEY = re.compile(rb"^-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----", re.MULTILINE)
_PASSPHRASE = re.compile(rb"^(?:-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED)", re.MULTILINE)
_LONGEST_PATH = 300
_HASHED_NAME = re.compile(r"[0-9a-f]{8}\.r?\d{1,9}")


class UnusableFile(Exception):
    """A path does not lead to what was expected there.

    Its text, which is one line, says what is wrong. It is for the log: others would learn from it which files exist.
    """

    def __init__(self, path: str, detail: str) -> None:
        text = f"{path[:_LONGEST_PATH]}: {detail}"
        super().__init__("".join(letter if letter.isprintable() else "?" for letter in text))


def require_authorities(path: str, within: Sequence[Path] = ()) -> None:
    """Check a file, or hashed directory, of CA certificates.

    :param within: the directories in which it must be; any if there is none.
    :raises UnusableFile: it cannot be used.
    """
    _require(path, within, _require_file_or_directory)


def load_authorities(path: str, load: Callable[[str], None], within: Sequence[Path] = ()) -> None:
    """Check a file, or hashed directory, of CA certificates, and let a TLS library load each file of it.

    A library that is given a directory opens its files later, at a handshake, when another file may be there.

    :param load: gets a path that leads to the file that was checked, whatever has taken its place since.
    :raises UnusableFile: it cannot be used.
    """
    require_authorities(path, within)
    _require(path, within, partial(_load, load))


def require_certificate(path: str, within: Sequence[Path] = (), with_key: bool = False) -> None:
    """Check a file with a client certificate.

    :param with_key: it must contain the key too.
    :raises UnusableFile: it cannot be used.
    """
    _require(path, within, partial(_require_pem, certificate=True, key=with_key))


def require_key(path: str, within: Sequence[Path] = ()) -> None:
    """Check a file with a private key, which must have no passphrase.

    :raises UnusableFile: it cannot be used.
    """
    _require(path, within, partial(_require_pem, key=True))


def file_version(path: str) -> object:
    """Return a value that differs once a file, or one with a hashed name in a directory, has changed; None if missing.

    Costs one system call, for a directory one for each such file, and opens no file.
    """
    try:
        status = Path(path).stat()
        entries = _hashed_entries(Path(path)) if stat.S_ISDIR(status.st_mode) else ()
    except (OSError, ValueError, _Wrong):
        return None
    return _version(status), *(_version_of_entry(entry) for entry in entries)


def _version(status: os.stat_result) -> object:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _version_of_entry(entry: os.DirEntry[str]) -> object:
    try:
        return entry.name, _version(entry.stat())
    except OSError:  # a link that leads nowhere
        return entry.name, None


class _Wrong(Exception):
    """What is wrong with a file."""


def _require(path: str, within: Sequence[Path], check: Callable[[Path, os.stat_result], None]) -> None:
    try:
        found = Path(path).resolve(strict=True)
        if within and not any(found.is_relative_to(directory.resolve()) for directory in within):
            raise _Wrong("it is not in one of the directories that the settings allow")
        check(found, found.stat())
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: a loop of links
        raise UnusableFile(path, getattr(error, "strerror", None) or str(error)) from None
    except _Wrong as wrong:
        raise UnusableFile(path, str(wrong)) from None


def _require_file_or_directory(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISDIR(status.st_mode):
        _require_pem(path, status, certificate=True)
        return
    hashed = _hashed_entries(path)
    if not any(entry.is_file() for entry in hashed):
        raise _Wrong("the directory has no certificate with a hashed name; prepare it with openssl rehash")
    for entry in hashed:
        # OpenSSL opens it when a certificate has this hash. A link that leads nowhere does no harm.
        if not entry.is_file() and Path(entry.path).exists():
            raise _Wrong(f"{entry.name} in the directory is not a regular file")


def _hashed_entries(path: Path) -> list[os.DirEntry[str]]:
    with os.scandir(path) as entries:
        listed = list(islice(entries, MOST_ENTRIES + 1))
    if len(listed) > MOST_ENTRIES:
        raise _Wrong(f"the directory has more than {MOST_ENTRIES} entries")
    return sorted((entry for entry in listed if _HASHED_NAME.fullmatch(entry.name)), key=lambda entry: entry.name)


def _load(load: Callable[[str], None], path: Path, status: os.stat_result) -> None:
    if not stat.S_ISDIR(status.st_mode):
        _load_file(load, path)
        return
    files = [Path(entry.path) for entry in _hashed_entries(path) if entry.is_file()]
    if sum(file.stat().st_size for file in files) > _LARGEST_DIRECTORY:
        raise _Wrong(f"its certificates are larger than {_LARGEST_DIRECTORY >> 20} MB")
    for file in files:
        _load_file(load, file)


def _load_file(load: Callable[[str], None], path: Path) -> None:
    with _opened(path, path.stat()) as descriptor:
        load(str(_DESCRIPTORS / str(descriptor)) if _DESCRIPTORS.exists() else str(path))


def _require_pem(path: Path, status: os.stat_result, certificate: bool = False, key: bool = False) -> None:
    text = _text(path, status)
    if certificate and not _CERTIFICATE.search(text):
        raise _Wrong("it contains no PEM certificate")
    if key and not _PRIVATE_KEY.search(text):
        raise _Wrong("it contains no PEM private key")
    if key and _PASSPHRASE.search(text):
        raise _Wrong("the key has a passphrase; store it without one, readable only by the service")


def _text(path: Path, status: os.stat_result) -> bytes:
    with _opened(path, status) as descriptor:
        # No more than its size: a file of /proc has none and may never end, and a log may grow meanwhile.
        return os.read(descriptor, os.fstat(descriptor).st_size)


@contextmanager
def _opened(path: Path, status: os.stat_result) -> Iterator[int]:
    # Before it is opened, because opening some devices has an effect; and after, because another file may be there now.
    _require_regular(status)
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        _require_regular(os.fstat(descriptor))
        yield descriptor
    finally:
        os.close(descriptor)


def _require_regular(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise _Wrong("it is not a regular file")
    if status.st_size > LARGEST_FILE:
        raise _Wrong(f"it is larger than {LARGEST_FILE >> 20} MB")
