"""Eyes that belong together: a shut one looks where the open one does."""

from __future__ import annotations

import numpy as np

from facedrive.calibration import EYELIDS
from facedrive.types import Reading

SHUTTING = 0.4
"""Closure from which an eye's own gaze is believed less; at twice as much it is not at all."""


def join_gaze(reading: Reading) -> Reading:
    """Have an eye that is shut, of calibrated values, look along with one that is open."""
    shut_left, shut_right = np.clip(reading.aus[EYELIDS] / SHUTTING - 1, 0, 1).tolist()
    if not shut_left and not shut_right:
        return reading
    left, right = reading.gaze
    to_right = np.float32(shut_left * (1 - shut_right))
    to_left = np.float32(shut_right * (1 - shut_left))
    gaze = np.stack([left + to_right * (right - left), right + to_left * (left - right)])
    return reading._replace(gaze=gaze)
