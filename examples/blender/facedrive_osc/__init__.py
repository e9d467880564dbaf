"""A Blender extension that drives shape keys and a head from facedrive's OSC, live.

Blender is imported when the extension is registered, so that the modules that do without it
(``osc``, ``stream``, ``tables``, ``names``) can be imported anywhere.
"""


def register() -> None:
    """Add the panel, its operators and its settings to Blender."""
    from . import panel

    panel.register()


def unregister() -> None:
    """Stop receiving and take everything out again."""
    from . import panel

    panel.unregister()
