"""Figures of an exported model on people, skins and clips that it never saw."""
