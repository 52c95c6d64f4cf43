import sys
import time

words = sys.stdin.readline().split()
match words[0]:
    case "sum":
        print(int(words[1]) + int(words[2]))
    case "spin":
        while True:
            pass
    case "sleep":
        time.sleep(60)
    case "memory":
        kept = []
        while True:
            kept.append(bytearray(1 << 20))
    case "output":
        while True:
            sys.stdout.write("x" * 4096)
    case "crash":
        sys.exit(3)
    case "forbidden":
        import ctypes

        ctypes.CDLL(None).syscall(0x40000000 + 39)
