"""The page of ``facedrive annotate``: a project, its desk, its coders' agreement."""
