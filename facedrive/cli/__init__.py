"""The commands: one thin file each, which parses, builds, runs and prints."""
