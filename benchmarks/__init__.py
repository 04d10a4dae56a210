"""What the program exists for, measured beside its limit in the same run; the bars and their reasons: docs/performance.md."""
