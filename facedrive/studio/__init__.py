"""The studio: one page in a browser to see, tune, send and record a run."""
