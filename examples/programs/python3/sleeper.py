"""Never ends, and leaves the CPU idle: over the wall time limit, a verdict of its own."""

import time

time.sleep(3600)
