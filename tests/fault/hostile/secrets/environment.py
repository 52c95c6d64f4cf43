# The environment, the descriptors and the words it was started with.
# verdicts: ACCEPTED
import os
import sys

extra = set(os.environ) - {"PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE"}
descriptors = set(os.listdir("/proc/self/fd")) - {"0", "1", "2", "3"}  # 3: the listing itself
paths = [word for word in sys.argv if not word.startswith("/work/")]
print("ESCAPED" if extra or descriptors or paths else "held", *extra, *descriptors, *paths)
