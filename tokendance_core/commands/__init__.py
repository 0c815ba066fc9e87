"""The commands of ``python -m tokendance_core``, one module each: ``add_arguments(parser)`` and ``run(args) -> exit code``.

Nothing heavy is imported before ``run``, so that ``--help`` answers at once.
"""
