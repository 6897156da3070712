"""`python -m privacy_svc` is `privacy-svc`."""

from privacy_svc.cli import main

main()
