#!/usr/bin/env bash
set -euo pipefail
read -r n
read -r -a numbers
sum=0
for x in "${numbers[@]:0:n}"; do ((sum += x)) || true; done
printf '%d\n' "$sum"
