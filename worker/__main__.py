"""``python -m worker [PARENT]``: a worker with the settings of the environment.

PARENT is the process id of whoever started the worker and wants it not to live longer.
"""

from __future__ import annotations

import sys

from service.config import load_settings
from worker.app import run
from worker.parent import exit_with_parent

if __name__ == "__main__":
    if len(sys.argv) > 1:
        exit_with_parent(int(sys.argv[1]))
    sys.exit(run(load_settings()))
