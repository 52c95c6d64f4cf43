"""Entry of the spawner process: `python -I -S <this file> <descriptor of the socket to the service>`."""

import importlib
import sys
from pathlib import Path

if __name__ == "__main__":
    # -I leaves no path to this package, and importing it as gavel.sandbox.inside would load the whole door.
    sys.path.insert(0, str(Path(__file__).parent.parent))
    importlib.import_module("inside.spawner").main(int(sys.argv[1]))
