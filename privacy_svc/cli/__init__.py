"""`privacy-svc`, the command line: one file per command group, imported only when called.

Exit codes: 0 done, 1 done with findings, 2 wrong use or wrong configuration.
"""

from privacy_svc.cli.root import main

__all__ = ["main"]
