"""Labelling videos by key frames: projects, curves, first guesses, coders, checks, exports."""
