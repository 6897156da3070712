"""A manual connector: an archive of paper that a person looks after."""


def archive(*rights: str) -> str:
    """Its file under `connectors/`."""
    return f"""\
connector:
  key: paper_archive
  title: The paper archive
  manual:
    instructions: Cellar, shelf 4. Shred what is there.
    who: archive@acme.example
    rights: [{", ".join(rights)}]
"""
