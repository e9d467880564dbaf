"""``python -m facedrive``."""

import sys

from facedrive.cli.main import main

sys.exit(main())
