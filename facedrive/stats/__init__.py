"""Figures: metrics, agreement, intervals, splits."""
