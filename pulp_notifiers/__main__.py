"""``python -m pulp_notifiers`` is ``pulp-notifiers``."""

import sys

from .cli import main

sys.exit(main())
