"""The views of the page: a file each."""
