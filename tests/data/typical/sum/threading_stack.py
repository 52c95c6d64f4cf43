import sys
import threading


def main():
    int(input())
    print(sum(map(int, input().split())))


sys.setrecursionlimit(1 << 25)
threading.stack_size(1 << 27)
thread = threading.Thread(target=main)
thread.start()
thread.join()
