"""Is no Python: told before anything is run."""

print(sum(map(int, input().split()))
