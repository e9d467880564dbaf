"""Parts for facedrive that live outside it: put this folder's parent on PYTHONPATH."""
