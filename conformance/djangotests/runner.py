"""Run Django's runtests.py, given with its arguments, while airworthy is asked everything that its tests ask."""

import os
import pathlib
import runpy
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import shadowing  # noqa: E402

if __name__ == "__main__":
    shadowing.install()
    script = sys.argv[1]
    sys.argv = sys.argv[1:]
    sys.path[0:0] = [os.path.dirname(script)]
    runpy.run_path(script, run_name="__main__")
