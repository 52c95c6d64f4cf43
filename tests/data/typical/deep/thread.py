import sys
import threading
from functools import lru_cache

sys.setrecursionlimit(1 << 30)
threading.stack_size(512 * 1024 * 1024)


@lru_cache(None)
def count(n):
    return 0 if n == 0 else count(n - 1) + 1


def main():
    print("deep" if count(30000) == 30000 else "wrong")


thread = threading.Thread(target=main)
thread.start()
thread.join()
