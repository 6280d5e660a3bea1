"""``event listener``: the commands of Pulp 2's ``pulp-admin event listener``, unchanged (CONTRACT 5).

They speak Pulp 2's API only, and offer the options of the notifiers that are installed on this machine.
"""

from .listeners import listener_group

__all__ = ["listener_group"]
