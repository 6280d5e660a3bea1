"""The libraries that a server's URL needs, some of which are extras."""

from collections.abc import Sequence

from kombu.connection import Connection

from .urls import display_url, speaks_amqp, speaks_amqp10

_PROTON_MODULES = frozenset({"proton", "cproton", "cproton_ffi"})
_PROTON_MISSING = (
    "AMQP 1.0 needs the library python-qpid-proton, which is not installed; run pip install 'pulp-notifiers[qpid]' "
    "(it is compiled then, which needs gcc, python3-dev and libssl-dev), or install Debian's python3-qpid-proton"
)


def require_proton() -> None:
    """Check that AMQP 1.0 can be spoken.

    :raises ImportError: its library is missing, or cannot be loaded; the text says what to install.
    """
    try:
        from . import amqp10  # noqa: F401, PLC0415  its library is an extra, and takes 60 ms to load
    except ModuleNotFoundError as error:
        if error.name not in _PROTON_MODULES:
            raise
        raise ModuleNotFoundError(_PROTON_MISSING, name=error.name) from None
    except Exception as error:  # of a library that was built for another system, or is damaged
        reason = str(error) or type(error).__name__
        raise ImportError(f"the library python-qpid-proton cannot be loaded ({reason}); install it again") from error


def require_libraries(urls: Sequence[str]) -> None:
    """Check that at least one of several servers can be tried with what is installed.

    :param urls: from :func:`broker_urls`.
    :raises ValueError: none can; the sentence says what to install.
    """
    problems = [_problem_of(url) for url in urls]
    if problems and all(problems):
        raise ValueError("; ".join(dict.fromkeys(map(str, problems))))


def _problem_of(url: str) -> str | None:
    if speaks_amqp10(url):
        try:
            require_proton()
        except ImportError as error:
            return str(error)
    elif not speaks_amqp(url):
        try:
            Connection(url).transport  # noqa: B018  creates it, and connects to nothing
        except Exception as error:  # noqa: BLE001  kombu's transports raise anything if their library is missing
            transport = display_url(url).partition("://")[0]
            return (
                f"the library that kombu's transport {transport} needs cannot be used ({type(error).__name__}: "
                f"{error}); install it, or name another server"
            )
    return None
