"""The commands of ``python -m tokendance_core``, one module each: ``add_arguments(parser)`` and ``run(args)``.

They stand on everything else. Begin with ``generate.py``; ``worker.py`` is the process that stays behind the add-on.

Nothing heavy is imported before ``run``, so that ``--help`` answers at once.
"""
