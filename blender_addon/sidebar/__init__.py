"""The TokenDance tab: panels, presets, menus, and why a button is disabled.

It stands on every other room and no other room stands on it. Begin with ``panels.py``; they read and never work.
"""
