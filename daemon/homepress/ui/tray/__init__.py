"""The tray: an icon, its menu and notices, in a process of its own that only talks to the daemon.

`homepress tray` locks itself out of the network and then becomes `python -m homepress.ui.tray`, which loads
nothing but what an icon needs.
"""
