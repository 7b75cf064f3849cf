"""`python -m grouprep` is the command `grouprep`, which the layer above provides."""

import runpy

if __name__ == "__main__":
    runpy.run_module("projectors", run_name="__main__")
