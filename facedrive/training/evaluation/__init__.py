"""Figures of an exported model on people, skins and clips that it never saw."""

from facedrive.training.evaluation.crops import centre_crops

__all__ = ["centre_crops"]
