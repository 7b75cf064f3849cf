"""`python -m studies`: see studies/cli.py."""

import sys

try:
    from studies.cli import main
except ModuleNotFoundError as error:
    if (error.name or "studies").split(".")[0] in ("studies", "grouprep", "projectors"):
        raise
    sys.exit(f'error: the studies need {error.name}: pip install --editable ".[studies,plot,torch]"')

sys.exit(main())
