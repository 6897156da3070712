"""Where the example policies and audits lie: inside an installed wheel, or at the top of a checkout."""

import shutil
from pathlib import Path

_HERE = Path(__file__).parent


def folder(name: str) -> Path:
    """`policies` or `audits`."""
    packaged = _HERE / "examples" / name
    return packaged if packaged.is_dir() else _HERE.parent / name


def copy_missing(name: str, target: Path) -> bool:
    """Copy an example folder to where the organisation keeps its own; never over what is there."""
    if target.exists():
        return False
    shutil.copytree(folder(name), target)
    return True
