"""What Proton does when the process ends."""

import atexit

import cproton


def keep_proton_usable() -> None:
    """Leave Proton's objects usable until the process has ended.

    python-qpid-proton 0.39 and 0.40 free what its objects need in an atexit handler. Handlers run in the opposite order
    of their registration, so a stream that was created before Proton was imported sends its last messages after that,
    and the interpreter aborts the process. Proton built with SWIG (0.38 and before) has no such handler.
    """
    clear = getattr(cproton, "clear_retained_objects", None)
    if clear is not None:
        atexit.unregister(clear)
