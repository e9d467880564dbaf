"""Files that ship with the package: the demo clip and its true action units."""
