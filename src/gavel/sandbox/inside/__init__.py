"""The part of the sandbox that runs in the spawner and in the boxes, never in a service.

It imports nothing but the standard library: the spawner is started as `python -I -S` on `__main__.py`.
Who runs what, with which rights:

    spawner (root)           one process; template.py builds read-only roots, spawner.py forks boxes
    init (root of its box)   one process a box; namespace.py, init.py, scratch.py, files.py
    runner (box user)        runner.py, from fork to exec: there the program begins
"""
